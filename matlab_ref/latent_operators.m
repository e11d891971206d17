function op = latent_operators(Im, kernel)
%LATENT_OPERATORS  Transforms that every step of eq. (9) needs.
%   OP.data      conj(F(k)) F(B), per channel      OP.power  |F(k)|^2
%   OP.laplace   sum over both differences of |F(grad)|^2
%
%   Source: paper eq. (9).
plane = [size(Im, 1), size(Im, 2)];
K = psf2otf(kernel, plane);
op.data = bsxfun(@times, conj(K), fft2(Im));
op.power = abs(K).^2;
op.laplace = abs(psf2otf([1, -1], plane)).^2 + abs(psf2otf([1; -1], plane)).^2;
end
