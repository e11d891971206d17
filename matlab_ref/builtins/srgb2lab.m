function lab = srgb2lab(rgb)
%SRGB2LAB  CIE 1976 L*a*b* (white D65, 2 degrees) of an sRGB image.
%   RGB is (H, W, 3) double, clipped to [0, 1] first.  IEC 61966-2-1
%   linearisation; the matrix follows from the chromaticities of the sRGB
%   primaries and the white point (0.95047, 1, 1.08883).
%
%   Source: docs/algorithm, section 7 (range distance of the bilateral filter).
rgb = min(max(double(rgb), 0), 1);
linear = rgb / 12.92;
high = rgb > 0.04045;
linear(high) = ((rgb(high) + 0.055) / 1.055).^2.4;
white = [0.95047; 1; 1.08883];
primaries = [0.64, 0.30, 0.15; 0.33, 0.60, 0.06; 0.03, 0.10, 0.79];   % x, y, z of R, G, B
to_xyz = primaries * diag(primaries \ white);
f = zeros(size(rgb));
for i = 1:3
    t = (to_xyz(i, 1) * linear(:, :, 1) + to_xyz(i, 2) * linear(:, :, 2) ...
         + to_xyz(i, 3) * linear(:, :, 3)) / white(i);
    curve = t / (3 * (6 / 29)^2) + 4 / 29;
    high = t > (6 / 29)^3;
    curve(high) = t(high).^(1 / 3);
    f(:, :, i) = curve;
end
lab = cat(3, 116 * f(:, :, 2) - 16, 500 * (f(:, :, 1) - f(:, :, 2)), 200 * (f(:, :, 2) - f(:, :, 3)));
end
