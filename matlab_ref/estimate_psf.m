function psf = estimate_psf(blurred_x, blurred_y, latent_x, latent_y, weight, psf_size)
%ESTIMATE_PSF  Kernel from gradients, by conjugate gradients on its support.
%   PSF = ESTIMATE_PSF(BLURRED_X, BLURRED_Y, LATENT_X, LATENT_Y, WEIGHT, PSF_SIZE)
%   solves eq. (13), min_k |Sx*k - Bx|^2 + |Sy*k - By|^2 + WEIGHT |k|^2, with
%   periodic convolution at the gradients' own size and k zero outside
%   PSF_SIZE = [rows columns]: 20 steps from the uniform kernel, ended early
%   when the residual's norm is below 1e-5.  Values below 5 % of the greatest
%   are set to 0; the result sums to 1.
%
%   Source: docs/algorithm, section 6; paper eq. (13).
Sx = fft2(latent_x);
Sy = fft2(latent_y);
b = real(otf2psf(conj(Sx) .* fft2(blurred_x) + conj(Sy) .* fft2(blurred_y), psf_size));
power = abs(Sx).^2 + abs(Sy).^2;
A = @(k) real(otf2psf(power .* psf2otf(k, size(power)), psf_size)) + weight * k;
psf = conjgrad(ones(psf_size) / prod(psf_size), b, 20, 1e-5, A);
psf(psf < 0.05 * max(psf(:))) = 0;
psf = psf / sum(psf(:));
end
