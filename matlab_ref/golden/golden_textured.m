function img = golden_textured(img)
%GOLDEN_TEXTURED  Add a faint texture, of up to 1e-3, to an 8-bit image.
%   8-bit images have gradients exactly on a bin's edge or on a limit angle, and
%   flat patches, in which rounding alone chooses a pooling's maximum.
img = img + 1e-3 * golden_random(3, size(img));
end
