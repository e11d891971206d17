function S = L0Restoration(Im, kernel, lambda, kappa)
%L0RESTORATION  Non-blind deblurring with the L0 gradient prior.
%   S = L0RESTORATION(IM, KERNEL, LAMBDA, KAPPA): IM (H, W) or (H, W, 3) in [0, 1];
%   LAMBDA the weight of the prior; KAPPA (default 2) the growth of the penalty.
if nargin < 4, kappa = 2; end
S = engine_call('L0Restoration', {Im, kernel, lambda, kappa});
end
