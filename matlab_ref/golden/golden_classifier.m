function params = golden_classifier()
%GOLDEN_CLASSIFIER  A small random classifier: 4, 4, 6, 8, 8 channels.
%   Its numbers are multiples of 2^-7: exact in single precision, and few enough
%   bits that on a constant image 0.5 every layer is exact in double precision,
%   in whatever order sums are made, so that equal maxima are exactly equal.
widths = [1 4 4 6 8 8 1];
params = struct('pool_after', [1 2 3]);
for n = 1:numel(widths) - 1
    bound = sqrt(6 / (9 * widths(n)));
    weight = bound * (2 * golden_random(200 + n, [widths(n + 1), widths(n), 3, 3]) - 1);
    bias = 0.4 * golden_random(300 + n, [1, widths(n + 1)]) - 0.2;
    params.(sprintf('conv%d_weight', n)) = round(2^7 * weight) / 2^7;
    params.(sprintf('conv%d_bias', n)) = round(2^7 * bias) / 2^7;
end
params.conv6_bias = 1;    % f away from 1/2, where f (1 - f) and f^2 are the same
end
