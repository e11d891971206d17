function [f, logit, layers] = classifier_forward(image, params)
%CLASSIFIER_FORWARD  Probability that an image is blurred.
%   [F, LOGIT] = CLASSIFIER_FORWARD(IMAGE, PARAMS)
%   IMAGE   (H, W) double in [0, 1]; no side shorter than 2^(number of poolings)
%   PARAMS  struct with conv1_weight (out, in, 3, 3), conv1_bias (out), conv2_...
%           and pool_after, the 0-based indices of the convolutions whose ReLU is
%           followed by a pooling ([1 2 3]); the last convolution has out = 1
%   F       1 / (1 + exp(-LOGIT))
%   LOGIT   mean of the last convolution's map
%   Convolutions are cross-correlations of stride 1 with zero padding 1; poolings
%   take 2x2 maxima, and an odd last row or column is dropped.
%   [..., LAYERS] = also returns a struct array, one element per convolution,
%   with what CLASSIFIER_VJP needs: weight; size [h w]; positive (h, w, out), where
%   the ReLU passes; winner, per 2x2 window which of its four elements (1 to 4 in
%   row-major order) is the maximum, the first of equal ones; [] without pooling.
%
%   Source: docs/algorithm, section 8; paper section 3 and Fig. 2.
count = 0;
while isfield(params, sprintf('conv%d_weight', count + 1)), count = count + 1; end
layers = repmat(struct('weight', [], 'size', [], 'positive', [], 'winner', []), 1, count);
x = image;
for n = 1:count
    layers(n).weight = params.(sprintf('conv%d_weight', n));
    bias = params.(sprintf('conv%d_bias', n));
    x = bsxfun(@plus, correlate3x3(x, layers(n).weight), reshape(bias, 1, 1, []));
    layers(n).size = [size(x, 1), size(x, 2)];
    if n == count, break; end
    layers(n).positive = x > 0;
    x = max(x, 0);
    if any(params.pool_after == n - 1), [x, layers(n).winner] = pool(x); end
end
logit = mean(x(:));
f = 1 / (1 + exp(-logit));
end

function [y, winner] = pool(x)
rows = 2 * floor(size(x, 1) / 2);
columns = 2 * floor(size(x, 2) / 2);
if rows == 0 || columns == 0
    error('classifier_forward:size', 'the image is too small for the classifier''s poolings.');
end
four = cat(4, x(1:2:rows, 1:2:columns, :), x(1:2:rows, 2:2:columns, :), ...
              x(2:2:rows, 1:2:columns, :), x(2:2:rows, 2:2:columns, :));
[y, winner] = max(four, [], 4);
end
