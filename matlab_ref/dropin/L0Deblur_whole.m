function S = L0Deblur_whole(Im, kernel, lambda, wei_grad, kappa)
%L0DEBLUR_WHOLE  Latent image with L0 intensity and L0 gradient priors.
%   S = L0DEBLUR_WHOLE(IM, KERNEL, LAMBDA, WEI_GRAD, KAPPA): IM (H, W) or
%   (H, W, 3), taken as periodic (wrap_boundary_liu makes it so); LAMBDA the weight
%   of the intensities, WEI_GRAD that of the gradients, KAPPA (default 2) the
%   growth of both penalties.
if nargin < 5, kappa = 2; end
S = engine_call('L0Deblur_whole', {Im, kernel, lambda, wei_grad, kappa});
end
