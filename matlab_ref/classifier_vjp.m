function [f, logit, dlogit] = classifier_vjp(image, params)
%CLASSIFIER_VJP  The classifier's output and its logit's gradient.
%   [F, LOGIT, DLOGIT] = CLASSIFIER_VJP(IMAGE, PARAMS): arguments as for
%   CLASSIFIER_FORWARD; DLOGIT (H, W) is d LOGIT / d IMAGE.  The ReLU's
%   derivative at 0 is 0; of equal maxima in a pooling's window the first in
%   row-major order gets the gradient, and a dropped row or column gets 0.
%
%   Source: docs/algorithm, section 8; paper eq. (12), which needs df/du.
[f, logit, layers] = classifier_forward(image, params);
g = repmat(1 / prod(layers(end).size), layers(end).size);
for n = numel(layers):-1:1
    if ~isempty(layers(n).winner), g = unpool(g, layers(n).winner, layers(n).size); end
    if ~isempty(layers(n).positive), g = g .* layers(n).positive; end
    g = correlate3x3(g, permute(layers(n).weight(:, :, 3:-1:1, 3:-1:1), [2 1 3 4]));
end
dlogit = g;
end

function x = unpool(y, winner, plane)
[h, w, channels] = size(y);
x = zeros([plane, channels]);
for i = 1:2
    for j = 1:2
        x(i:2:2*h, j:2:2*w, :) = y .* (winner == 2 * i + j - 2);
    end
end
end
