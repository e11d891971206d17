function I = deblurring_adm_aniso(B, k, lambda, alpha)
%DEBLURRING_ADM_ANISO  Non-blind deblurring with anisotropic total variation.
%   I = DEBLURRING_ADM_ANISO(B, K, LAMBDA, ALPHA): B (H, W) or (H, W, 3), taken as
%   periodic (wrap_boundary_liu makes it so); LAMBDA the weight of the total
%   variation; ALPHA its exponent, only 1.
if nargin < 4, alpha = 1; end
I = engine_call('deblurring_adm_aniso', {B, k, lambda, alpha});
end
