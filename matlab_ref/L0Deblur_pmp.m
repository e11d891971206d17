function S = L0Deblur_pmp(Im, kernel, lambda, wei_grad, kappa, patch, is_fine)
%L0DEBLUR_PMP  Latent image with sparse patch-wise minimal pixels and L0 gradients.
%   S = L0DEBLUR_PMP(IM, KERNEL, LAMBDA, WEI_GRAD, KAPPA, PATCH, IS_FINE)
%   IM        padded blurred image, (H, W), taken as periodic
%   LAMBDA    threshold of the minima
%   WEI_GRAD  weight of the gradient prior (mu)
%   KAPPA     growth of alpha per step (2)
%   PATCH     side of the blocks
%   IS_FINE   whether minima are cut (finer half of the scales) or shrink
%   For alpha = 2 WEI_GRAD, times KAPPA while below 1e5, three times: the minima of
%   the blocks of S made sparse within S; its gradients, cut at WEI_GRAD/alpha;
%   then S by eq. (9), without a term for the minima.
%
%   Source: docs/methods, patch-wise minimal pixels (Wen et al. 2020).
op = latent_operators(Im, kernel);
S = Im;
alpha = 2 * wei_grad;
while alpha < 1e5
    for pass = 1:3
        S = sparse_block_minima(S, lambda, patch, is_fine);
        h = [diff(S, 1, 2), S(:, 1) - S(:, end)];
        v = [diff(S, 1, 1); S(1, :) - S(end, :)];
        small = h.^2 + v.^2 < wei_grad / alpha;
        h(small) = 0;
        v(small) = 0;
        divergence = [h(:, end) - h(:, 1), -diff(h, 1, 2)] + [v(end, :) - v(1, :); -diff(v, 1, 1)];
        S = real(ifft2((op.data + alpha * fft2(divergence)) ./ (op.power + alpha * op.laplace)));
    end
    alpha = alpha * kappa;
end
end
