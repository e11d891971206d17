function [p, gradient] = classifier_prior(image, params, form)
%CLASSIFIER_PRIOR  The learned discriminative prior: its value and gradient.
%   [P, GRADIENT] = CLASSIFIER_PRIOR(IMAGE, PARAMS, FORM): IMAGE (H, W) and PARAMS
%   as for CLASSIFIER_FORWARD; GRADIENT (H, W) is dP / d IMAGE.  With f the
%   probability that IMAGE is blurred, FORM is
%     'probability'  p = f, the paper's letter (default)
%     'nll'          p = -log(1 - f), the negative log-likelihood of "clear"
%     'logit'        p = log(f / (1 - f)), what the sigmoid is applied to
%
%   Source: docs/algorithm, sections 4 and 8; paper eq. (2) and (12).
if nargin < 3, form = 'probability'; end
[f, logit, dlogit] = classifier_vjp(image, params);
switch form
    case 'probability'
        p = f;
        gradient = f / (1 + exp(logit)) * dlogit;    % f (1 - f), also where f rounds to 1
    case 'nll'
        p = max(logit, 0) + log1p(exp(-abs(logit)));
        gradient = f * dlogit;
    case 'logit'
        p = logit;
        gradient = dlogit;
    otherwise
        error('classifier_prior:form', 'form must be ''probability'', ''nll'' or ''logit''.');
end
end
