function [indices, shares] = pose_neighbours(img_size, H)
%POSE_NEIGHBOURS  Where the pixels of a warped picture come from.
%   INDICES (rows, columns, 4) of the four pixels around each source, and their
%   bilinear weights SHARES; sources beyond the border are moved onto it.
[x, y] = meshgrid(0:img_size(2) - 1, 0:img_size(1) - 1);
G = inv(H);
depth = G(3, 1) * x + G(3, 2) * y + G(3, 3);
column = (G(1, 1) * x + G(1, 2) * y + G(1, 3)) ./ depth;
row = (G(2, 1) * x + G(2, 2) * y + G(2, 3)) ./ depth;
column = min(max(column, 0), img_size(2) - 1);
row = min(max(row, 0), img_size(1) - 1);
left = min(floor(column), max(img_size(2) - 2, 0));
top = min(floor(row), max(img_size(1) - 2, 0));
right = column - left;
down = row - top;
below = min(top + 1, img_size(1) - 1);
beside = min(left + 1, img_size(2) - 1);
indices = 1 + cat(3, top + left * img_size(1), top + beside * img_size(1), ...
    below + left * img_size(1), below + beside * img_size(1));
shares = cat(3, (1 - down) .* (1 - right), (1 - down) .* right, down .* (1 - right), down .* right);
end
