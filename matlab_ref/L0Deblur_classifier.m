function S = L0Deblur_classifier(Im, kernel, lambda, wei_grad, kappa, crop, opts)
%L0DEBLUR_CLASSIFIER  Latent image with the learned prior and L0 gradients.
%   S = L0DEBLUR_CLASSIFIER(IM, KERNEL, LAMBDA, WEI_GRAD, KAPPA, CROP, OPTS)
%   IM        padded blurred image, (H, W), taken as periodic
%   LAMBDA    weight of the learned prior; 0: gradient prior only
%   WEI_GRAD  weight of the gradient prior (mu)
%   KAPPA     growth of both penalties per step (2)
%   CROP      [rows columns] of the image's own area in IM
%   OPTS      struct with classifier (see CLASSIFIER_FORWARD) and, optionally,
%     form          'probability' (default), 'nll' or 'logit', see CLASSIFIER_PRIOR
%     prior_domain  'crop' (default): the prior sees the image's own area, and its
%                   gradient is zero outside; 'padded': it sees all of IM
%     prior_scale   w, the prior's factor: a number (1 is the paper's letter) or
%                   'pixels' (default), the number of pixels that the prior sees
%     eta, s_max    step size (0.1) and number of steps (10) of Algorithm 1
%     beta_start, beta_growth, beta_max
%                   beta's schedule (2 LAMBDA, KAPPA, 8)
%   For beta = beta_start, times beta_growth while below beta_max (at least
%   once): u by Algorithm 1, then the gradient loop.  With LAMBDA = 0 the gradient loop runs
%   once, without u.
%
%   Source: docs/algorithm, section 4; paper eq. (7)-(12), Algorithm 1.
opts = with_defaults(opts, lambda, kappa);
op = latent_operators(Im, kernel);
S = Im;
if lambda == 0
    S = L0_gradient_loop(S, op, 0, 0, wei_grad, kappa);
    return
end
switch opts.prior_domain
    case 'crop', seen = crop;
    case 'padded', seen = size(Im);
    otherwise, error('L0Deblur_classifier:domain', 'opts.prior_domain must be ''crop'' or ''padded''.');
end
weight = opts.prior_scale;
if strcmp(weight, 'pixels'), weight = prod(seen); end
if ~isnumeric(weight), error('L0Deblur_classifier:scale', 'opts.prior_scale must be ''pixels'' or a number.'); end
beta = opts.beta_start;
while true
    u = auxiliary_image(S, seen, beta, lambda * weight, opts);
    S = L0_gradient_loop(S, op, beta, u, wei_grad, kappa);
    beta = beta * opts.beta_growth;
    if beta >= opts.beta_max, break; end
end
end

function u = auxiliary_image(S, seen, beta, weight, opts)
% Algorithm 1: s_max steps of eq. (12) from u = S
u = S;
for s = 1:opts.s_max
    gradient = zeros(size(u));
    [~, gradient(1:seen(1), 1:seen(2))] = classifier_prior(u(1:seen(1), 1:seen(2)), opts.classifier, opts.form);
    u = u - opts.eta * (beta * (u - S) + weight * gradient);
end
end

function opts = with_defaults(opts, lambda, kappa)
defaults = struct('form', 'probability', 'prior_domain', 'crop', 'prior_scale', 'pixels', 'eta', 0.1, 's_max', 10, ...
                  'beta_start', 2 * lambda, 'beta_growth', kappa, 'beta_max', 8);
for name = fieldnames(defaults)'
    if ~isfield(opts, name{1}), opts.(name{1}) = defaults.(name{1}); end
end
end
