function y = correlate3x3(x, weight)
%CORRELATE3X3  3x3 cross-correlation over channels, zero padding 1, stride 1.
%   Y = CORRELATE3X3(X, WEIGHT): X (H, W, in), WEIGHT (out, in, 3, 3), Y (H, W, out).
%   Its adjoint is the same with the weights turned by 180 degrees and in and out
%   swapped: CORRELATE3X3(Y, PERMUTE(WEIGHT(:, :, 3:-1:1, 3:-1:1), [2 1 3 4])).
%
%   Source: docs/algorithm, section 8.
[out, in, ~, ~] = size(weight);
[h, w, ~] = size(x);
padded = zeros(h + 2, w + 2, in);
padded(2:end-1, 2:end-1, :) = x;
windows = zeros(h, w, in, 3, 3);
for i = 1:3
    for j = 1:3
        windows(:, :, :, i, j) = padded(i:i+h-1, j:j+w-1, :);
    end
end
y = reshape(reshape(windows, h * w, in * 9) * reshape(weight, out, in * 9).', h, w, out);
end
