function psf = otf2psf(otf, out_size)
%OTF2PSF  Point-spread function of a transfer function, MATLAB's semantics.
%   PSF = OTF2PSF(OTF, OUT_SIZE) takes the inverse 2-D FFT of OTF, shifts it
%   circularly by FLOOR(OUT_SIZE/2) and returns its first OUT_SIZE elements.
%   An imaginary part that is nothing but round-off is dropped.  (Octave's
%   image package crops even sizes one element off; this does not.)
%
%   Source: docs/algorithm, sections 6 and 11; MATLAB's documentation of otf2psf.
if nargin < 2, out_size = size(otf); end
if any(out_size > size(otf))
    error('otf2psf:size', 'out_size must not exceed the size of otf.');
end
psf = drop_round_off(circshift(ifft2(otf), floor(out_size / 2)));
psf = psf(1:out_size(1), 1:out_size(2));
end
