function S = L0_gradient_loop(S, op, beta, u, wei_grad, kappa)
%L0_GRADIENT_LOOP  Alternate g, eq. (11), and the image, eq. (9).
%   S (H, W[, C]) is the image so far, OP from latent_operators, BETA and U the
%   penalty and the auxiliary image of the other prior (BETA = 0: none).
%   For alpha = 2 WEI_GRAD, times KAPPA while below 1e5: g is the gradient
%   (periodic forward differences) where its squared magnitude over both
%   directions and all channels is >= WEI_GRAD/alpha, else 0; then S by eq. (9).
%   With WEI_GRAD = 0 one step.
%
%   Source: docs/algorithm, section 4; paper eq. (9)-(11).
data = op.data;
if beta > 0, data = data + beta * fft2(u); end
alpha = 2 * wei_grad;
while alpha < 1e5
    h = [diff(S, 1, 2), S(:, 1, :) - S(:, end, :)];
    v = [diff(S, 1, 1); S(1, :, :) - S(end, :, :)];
    small = repmat(sum(h.^2 + v.^2, 3) < wei_grad / alpha, [1, 1, size(S, 3)]);
    h(small) = 0;
    v(small) = 0;
    divergence = [h(:, end, :) - h(:, 1, :), -diff(h, 1, 2)] ...
               + [v(end, :, :) - v(1, :, :); -diff(v, 1, 1)];
    S = real(ifft2(bsxfun(@rdivide, data + alpha * fft2(divergence), op.power + beta + alpha * op.laplace)));
    alpha = alpha * kappa;
    if wei_grad == 0, break; end
end
end
