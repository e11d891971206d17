function I = deblurring_adm_aniso(B, k, lambda, alpha)
%DEBLURRING_ADM_ANISO  Non-blind deblurring with anisotropic total variation.
%   I = DEBLURRING_ADM_ANISO(B, K, LAMBDA, ALPHA): B (H, W), taken as periodic;
%   LAMBDA > 0 the weight of the total variation; ALPHA its exponent, only 1.
%   For beta = 1/LAMBDA, halved while above 0.001: soft threshold of the
%   periodic forward differences at beta LAMBDA, then the image by a quotient of
%   transforms with gamma = 1/(2 beta).
%
%   Source: docs/algorithm, section 7 (I_tv); [26].
if nargin < 4, alpha = 1; end
check_picture(B, 'B', false);
if alpha ~= 1, error('deblurring_adm_aniso:alpha', 'alpha must be 1.'); end
if ~(lambda > 0), error('deblurring_adm_aniso:lambda', 'lambda must be positive.'); end
op = latent_operators(B, k);
I = B;
beta = 1 / lambda;
while beta > 0.001
    gamma = 1 / (2 * beta);
    Wx = soft([diff(I, 1, 2), I(:, 1) - I(:, end)], beta * lambda);
    Wy = soft([diff(I, 1, 1); I(1, :) - I(end, :)], beta * lambda);
    divergence = [Wx(:, end) - Wx(:, 1), -diff(Wx, 1, 2)] ...
               + [Wy(end, :) - Wy(1, :); -diff(Wy, 1, 1)];
    I = real(ifft2((op.data + gamma * fft2(divergence)) ./ (op.power + gamma * op.laplace)));
    beta = beta / 2;
end
end

function w = soft(w, limit)
w = max(abs(w) - limit, 0) .* sign(w);
end
