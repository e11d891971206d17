function psf = estimate_psf(blurred_x, blurred_y, latent_x, latent_y, weight, psf_size)
%ESTIMATE_PSF  Kernel from the gradients of the blurred and the latent image.
%   PSF = ESTIMATE_PSF(BLURRED_X, BLURRED_Y, LATENT_X, LATENT_Y, WEIGHT, PSF_SIZE)
%   WEIGHT is that of the kernel's norm, PSF_SIZE = [rows columns].  Values below
%   5 % of the greatest are 0; PSF sums to 1.
psf = engine_call('estimate_psf', {blurred_x, blurred_y, latent_x, latent_y, weight, psf_size});
end
