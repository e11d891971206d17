function out = write_back_minima(S, refined, index, patch)
%WRITE_BACK_MINIMA  Put refined minima where the minima of the windows lie.
%   OUT = WRITE_BACK_MINIMA(S, REFINED, INDEX, PATCH): S (H, W) an image, REFINED
%   the refined minima of its windows, INDEX their places from DARK_CHANNEL.
%   The windows are visited row by row; one whose minimum, after the writes so
%   far, is its refined minimum already is left alone.  The outer (PATCH - 1)/2
%   pixels of the image stay as they are.
%
%   Source: docs/methods, the dark channel [27].
border = (patch - 1) / 2;
padded = pad_replicate(S, [border border]);
[height, width] = size(S);
for m = 1:height
    for n = 1:width
        window = padded(m:m + patch - 1, n:n + patch - 1);
        if min(window(:)) ~= refined(m, n)
            window(index(m, n)) = refined(m, n);
            padded(m:m + patch - 1, n:n + patch - 1) = window;
        end
    end
end
out = S;
rows = border + 1:height - border;
columns = border + 1:width - border;
out(rows, columns) = padded(rows + border, columns + border);
end
