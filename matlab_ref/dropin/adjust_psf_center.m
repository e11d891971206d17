function psf = adjust_psf_center(psf)
%ADJUST_PSF_CENTER  Move a kernel's centroid to the middle by whole pixels.
%   PSF = ADJUST_PSF_CENTER(PSF): PSF (n, m) of sum 1; zeros come in from outside.
psf = engine_call('adjust_psf_center', {psf});
end
