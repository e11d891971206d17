function R = pose_blur_adjoint(B, H, weights)
%POSE_BLUR_ADJOINT  The adjoint of POSE_BLUR in the picture.
R = zeros(size(B));
for t = 1:numel(weights)
    [indices, shares] = pose_neighbours(size(B), H(:, :, t));
    values = weights(t) * bsxfun(@times, shares, B);
    R = R + reshape(accumarray(indices(:), values(:), [numel(B), 1]), size(B));
end
end
