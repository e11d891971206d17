function psf = estimate_psf_fft(blurred_x, blurred_y, latent_x, latent_y, weight, psf_size)
%ESTIMATE_PSF_FFT  Kernel from gradients, the closed form without a support.
%   As estimate_psf, but eq. (13) is solved by one division of transforms and
%   the result is cropped to PSF_SIZE (otf2psf), then thresholded at 5 % of its
%   maximum and normalised in the same way.
%
%   Source: docs/algorithm, section 6 ("fft"); paper eq. (13).
Sx = fft2(latent_x);
Sy = fft2(latent_y);
b = conj(Sx) .* fft2(blurred_x) + conj(Sy) .* fft2(blurred_y);
psf = real(otf2psf(b ./ (abs(Sx).^2 + abs(Sy).^2 + weight), psf_size));
psf(psf < 0.05 * max(psf(:))) = 0;
psf = psf / sum(psf(:));
end
