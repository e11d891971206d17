function out = imresize_bicubic(img, scale)
%IMRESIZE_BICUBIC  MATLAB's imresize with its default method, bicubic.
%   OUT = IMRESIZE_BICUBIC(IMG, SCALE) with a scalar factor: output size
%   ceil(SCALE * size).  With [rows columns]: that size.  Cubic convolution with
%   a = -0.5; when a dimension shrinks the kernel is stretched (antialiasing);
%   borders are mirrored; weights are normalised; the dimension with the
%   smaller factor goes first.  IMG is (H, W) or (H, W, C), double.
%
%   Source: docs/algorithm, sections 2 and 11; Keys 1981; MATLAB's documentation.
in_size = [size(img, 1), size(img, 2)];
if isscalar(scale)
    out_size = ceil(scale * in_size);
    scale = [scale, scale];
else
    out_size = scale;
    scale = out_size ./ in_size;
end
dims = [1 2];
if scale(2) < scale(1), dims = [2 1]; end
out = img;
for dim = dims
    weights = resize_matrix(in_size(dim), out_size(dim), scale(dim));
    out = along(out, dim, weights);
end
end

function out = along(img, dim, weights)
out_size = [size(img, 1), size(img, 2), size(img, 3)];
out_size(dim) = size(weights, 1);
out = zeros(out_size);
for c = 1:size(img, 3)
    if dim == 1
        out(:, :, c) = weights * img(:, :, c);
    else
        out(:, :, c) = img(:, :, c) * weights';
    end
end
end

function weights = resize_matrix(n_in, n_out, scale)
% sparse (n_out, n_in) matrix of the interpolation weights
stretch = max(1, 1 / scale);
width = 4 * stretch;
taps = ceil(width) + 2;
x = (1:n_out)';
u = x / scale + 0.5 * (1 - 1 / scale);
index = bsxfun(@plus, floor(u - width / 2), 0:taps - 1);
value = cubic(bsxfun(@minus, u, index) / stretch) / stretch;
value = bsxfun(@rdivide, value, sum(value, 2));
mirror = [1:n_in, n_in:-1:1];
index = mirror(mod(index - 1, 2 * n_in) + 1);
weights = sparse(repmat(x, 1, taps), reshape(index, n_out, taps), value, n_out, n_in);
end

function f = cubic(x)
x = abs(x);
f = (1.5 * x.^3 - 2.5 * x.^2 + 1) .* (x <= 1) ...
  + (-0.5 * x.^3 + 2.5 * x.^2 - 4 * x + 2) .* (x > 1 & x <= 2);
end
