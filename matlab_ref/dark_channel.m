function [D, index] = dark_channel(I, patch)
%DARK_CHANNEL  The minimum of the window around each pixel, and where it lies.
%   [D, INDEX] = DARK_CHANNEL(I, PATCH): I (H, W), PATCH the odd side of the
%   windows.  The image is continued by its border pixels.  INDEX counts in the
%   window, column by column; of equal minima it is the first.
%
%   Source: docs/methods, the dark channel [27].
padded = pad_replicate(I, [1 1] * (patch - 1) / 2);
[height, width] = size(I);
D = zeros(height, width);
index = zeros(height, width);
for m = 1:height
    for n = 1:width
        window = padded(m:m + patch - 1, n:n + patch - 1);
        [D(m, n), index(m, n)] = min(window(:));
    end
end
end
