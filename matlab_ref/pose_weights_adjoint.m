function k = pose_weights_adjoint(B, H, I)
%POSE_WEIGHTS_ADJOINT  The adjoint of POSE_BLUR in the weights: (T, 1).
k = zeros(size(H, 3), 1);
for t = 1:numel(k)
    [indices, shares] = pose_neighbours(size(I), H(:, :, t));
    k(t) = sum(sum(B .* sum(shares .* I(indices), 3)));
end
end
