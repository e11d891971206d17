function values = interp2_linear(img, xq, yq)
%INTERP2_LINEAR  Bilinear interpolation with NaN outside, as MATLAB's interp2.
%   VALUES = INTERP2_LINEAR(IMG, XQ, YQ): IMG is sampled at the 1-based
%   column coordinates XQ and row coordinates YQ (same size).  Points outside
%   [1, W] x [1, H] give NaN (Octave's interp2 gives NA).
%
%   Source: docs/algorithm, sections 2 and 11.
[height, width] = size(img);
inside = xq >= 1 & xq <= width & yq >= 1 & yq <= height;
values = nan(size(xq));
x = xq(inside);
y = yq(inside);
x0 = min(floor(x), max(width - 1, 1));
y0 = min(floor(y), max(height - 1, 1));
x1 = min(x0 + 1, width);
y1 = min(y0 + 1, height);
fx = x - x0;
fy = y - y0;
values(inside) = (1 - fy) .* ((1 - fx) .* img(y0 + (x0 - 1) * height) + fx .* img(y0 + (x1 - 1) * height)) ...
               + fy .* ((1 - fx) .* img(y1 + (x0 - 1) * height) + fx .* img(y1 + (x1 - 1) * height));
end
