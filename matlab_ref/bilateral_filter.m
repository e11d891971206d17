function result = bilateral_filter(img, sigma_s, sigma_r)
%BILATERAL_FILTER  Edge-preserving smoothing in single precision.
%   RESULT = BILATERAL_FILTER(IMG, SIGMA_S, SIGMA_R): IMG (H, W) or (H, W, 3);
%   defaults 3 and 0.1; RESULT is single, of IMG's size.
%   Window radius ceil(3 SIGMA_S), borders replicated.  Spatial weights:
%   fspecial('gaussian') in double, rounded to single.  The range distance of a
%   grey image is taken on single(IMG); that of a colour image in CIE Lab
%   (srgb2lab, which clips to [0, 1]), with SIGMA_R times 100.
%   Steps, so that every platform gives the same numbers: offsets y = -r..r
%   outside, x = -r..r inside; squared distance per channel, added in order, in
%   single; the exponential in double, rounded to single; sums in single.
%
%   Source: docs/algorithm, section 7.
if nargin < 2, sigma_s = 3; end
if nargin < 3, sigma_r = 0.1; end
check_picture(img, 'img', true);
[height, width, channels] = size(img);
radius = ceil(3 * sigma_s);
spatial = single(fspecial('gaussian', 2 * radius + 1, sigma_s));
if channels == 1
    guide = single(img);
else
    guide = single(srgb2lab(img));
    sigma_r = sigma_r * 100;
end
range_variance = single(sigma_r^2);
img_padded = pad_replicate(single(img), [radius, radius]);
guide_padded = pad_replicate(guide, [radius, radius]);
total = zeros(height, width, channels, 'single');
weight_sum = zeros(height, width, 'single');
for y = -radius:radius
    rows = (1:height) + radius + y;
    for x = -radius:radius
        columns = (1:width) + radius + x;
        difference = guide - guide_padded(rows, columns, :);
        distance = difference(:, :, 1).^2;
        for c = 2:channels
            distance = distance + difference(:, :, c).^2;
        end
        range_weight = single(exp(double(single(-0.5) * (distance / range_variance))));
        weight = spatial(y + radius + 1, x + radius + 1) * range_weight;
        total = total + bsxfun(@times, img_padded(rows, columns, :), weight);
        weight_sum = weight_sum + weight;
    end
end
result = bsxfun(@rdivide, total, weight_sum);
end
