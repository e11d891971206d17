function ret = wrap_boundary_liu(img, img_size)
%WRAP_BOUNDARY_LIU  Extend an image so that it is circularly smooth.
%   RET = WRAP_BOUNDARY_LIU(IMG, IMG_SIZE): IMG (H, W) or (H, W, C) becomes the
%   upper left part of RET, (IMG_SIZE(1), IMG_SIZE(2)[, C]).  What is added on
%   the right, below and in the corner solves Laplace's equation between the
%   borders it joins.
%
%   Source: docs/algorithm, section 3 (wrap_boundary); Liu & Jia, ICIP 2008, in
%   Cho's variant with an overlap of one pixel.
ret = zeros([img_size(1:2), size(img, 3)]);
for c = 1:size(img, 3)
    ret(:, :, c) = wrap_channel(img(:, :, c), img_size(1:2));
end
end

function ret = wrap_channel(img, img_size)
extra = img_size - size(img);
if any(extra < 0), error('wrap_boundary_liu:size', 'img_size must be at least the image''s size.'); end
below = strip_below(img, extra(1));        % (extra+2, W): last row, new rows, first row
right = strip_below(img', extra(2))';      % (H, extra+2), likewise
corner = zeros(extra + 2);
corner(1, :) = right(end, :);
corner(end, :) = right(1, :);
corner(:, 1) = below(:, end);
corner(:, end) = below(:, 1);
corner = solve_laplace(corner);
ret = [img, right(:, 2:end-1); below(1:end-2, :), corner(2:end-1, 2:end-1)];
end

function block = strip_below(img, extra)
% rows between the image's last row and, wrapped around, its first one
block = zeros(extra + 2, size(img, 2));
block(1, :) = img(end, :);
block(end, :) = img(1, :);
weight = (0:extra - 1)' / max(extra - 1, 1);
for column = [1, size(img, 2)]
    block(2:end-1, column) = (1 - weight) * block(1, column) + weight * block(end, column);
end
block = solve_laplace(block);
end

function block = solve_laplace(block)
% fill the inside with the solution of the 5-point Laplace equation
inside = block(2:end-1, 2:end-1);
if isempty(inside), return; end
known = block;
known(2:end-1, 2:end-1) = 0;
source = -(known(1:end-2, 2:end-1) + known(3:end, 2:end-1) ...
         + known(2:end-1, 1:end-2) + known(2:end-1, 3:end));
[m, n] = size(source);
spectrum = dst(dst(source)')';
[x, y] = meshgrid(1:n, 1:m);
eigenvalue = (2 * cos(pi * x / (n + 1)) - 2) + (2 * cos(pi * y / (m + 1)) - 2);
block(2:end-1, 2:end-1) = idst(idst(spectrum ./ eigenvalue)')';
end
