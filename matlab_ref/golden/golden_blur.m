function blurred = golden_blur(sharp, k, gamma)
%GOLDEN_BLUR  Blur in linear light, keep the valid part, quantise to 8 bits.
%   SHARP (H, W) or (H, W, C) uint8 or double in [0, 1]; GAMMA default 1.
if nargin < 3, gamma = 1; end
if isa(sharp, 'uint8'), sharp = double(sharp) / 255; end
for c = size(sharp, 3):-1:1
    blurred(:, :, c) = conv2(sharp(:, :, c).^gamma, k, 'valid').^(1 / gamma);
end
blurred = min(max(round(255 * blurred), 0), 255) / 255;
end
