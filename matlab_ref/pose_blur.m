function B = pose_blur(I, H, weights)
%POSE_BLUR  Weighted sum of the pictures that camera poses see: K I of eq. (14).
%   B = POSE_BLUR(I, H, WEIGHTS): I (rows, columns), H (3, 3, T) as
%   POSE_HOMOGRAPHIES gives it, WEIGHTS (T, 1).  Bilinear interpolation; beyond
%   the border lie the border's pixels, repeated.
B = zeros(size(I));
for t = 1:numel(weights)
    [indices, shares] = pose_neighbours(size(I), H(:, :, t));
    B = B + weights(t) * sum(shares .* I(indices), 3);
end
end
