function S = L0Deblur_channels(Im, kernel, lambda, wei_grad, kappa, patch, both)
%L0DEBLUR_CHANNELS  Latent image with sparse local minima and L0 gradients.
%   S = L0DEBLUR_CHANNELS(IM, KERNEL, LAMBDA, WEI_GRAD, KAPPA, PATCH, BOTH)
%   IM        padded blurred image, (H, W), taken as periodic
%   LAMBDA    weight of the prior; 0: gradient prior only
%   WEI_GRAD  weight of the gradient prior (mu)
%   KAPPA     growth of both penalties per step (2)
%   PATCH     the odd side of the windows: 35 in [27], 45 in [40]
%   BOTH      false: the dark channel alone [27]; true: dark and bright [40]
%   For beta = LAMBDA / Otsu(IM.^2), times KAPPA while below 8 (at least once): u
%   (and v, of 1 - S) by writing the minima back, 0 where their square is below
%   LAMBDA/beta; then the gradient loop.
%
%   Source: docs/methods, the dark channel [27] and the extreme channels [40].
op = latent_operators(Im, kernel);
S = Im;
if lambda == 0
    S = L0_gradient_loop(S, op, 0, 0, wei_grad, kappa);
    return
end
beta = lambda / max(graythresh(S.^2), 1 / 255);
while true
    u = sparse_minima(S, lambda / beta, patch);
    if both
        v = sparse_minima(1 - S, lambda / beta, patch);
        S = L0_gradient_loop(S, op, 2 * beta, (u + 1 - v) / 2, wei_grad, kappa);
    else
        S = L0_gradient_loop(S, op, beta, u, wei_grad, kappa);
    end
    beta = beta * kappa;
    if beta >= 8, break; end
end
end

function u = sparse_minima(S, threshold, patch)
[D, index] = dark_channel(S, patch);
refined = D;
refined(D.^2 < threshold) = 0;
u = write_back_minima(S, refined, index, patch);
end
