function otf = psf2otf(psf, out_size)
%PSF2OTF  Transfer function of a point-spread function, MATLAB's semantics.
%   OTF = PSF2OTF(PSF, OUT_SIZE) pads the (H, W) array PSF with zeros behind
%   it to OUT_SIZE, shifts it circularly so that element FLOOR(SIZE(PSF)/2)+1
%   comes first, and takes the 2-D FFT.  An imaginary part that is nothing but
%   round-off is dropped.
%
%   Source: docs/algorithm, section 4; MATLAB's documentation of psf2otf.
psf_size = size(psf);
if nargin < 2, out_size = psf_size; end
if any(out_size < psf_size)
    error('psf2otf:size', 'out_size must be at least the size of psf.');
end
padded = zeros(out_size);
padded(1:psf_size(1), 1:psf_size(2)) = psf;
otf = drop_round_off(fft2(circshift(padded, -floor(psf_size / 2))));
end
