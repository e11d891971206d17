function out = pad_replicate(img, before, after)
%PAD_REPLICATE  Pad by repeating the border, like padarray(..., 'replicate').
%   BEFORE and AFTER are [rows columns]; AFTER defaults to BEFORE.
if nargin < 3, after = before; end
[height, width, ~] = size(img);
rows = min(max(1 - before(1):height + after(1), 1), height);
columns = min(max(1 - before(2):width + after(2), 1), width);
out = img(rows, columns, :);
end
