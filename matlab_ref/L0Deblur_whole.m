function S = L0Deblur_whole(Im, kernel, lambda, wei_grad, kappa)
%L0DEBLUR_WHOLE  Latent image with L0 intensity and L0 gradient priors.
%   S = L0DEBLUR_WHOLE(IM, KERNEL, LAMBDA, WEI_GRAD, KAPPA)
%   IM        padded blurred image, (H, W) or (H, W, C), taken as periodic
%   LAMBDA    weight of the intensity prior; 0: gradient prior only
%   WEI_GRAD  weight of the gradient prior (mu)
%   KAPPA     growth of both penalties per step (default 2)
%   For beta = 2 LAMBDA, times KAPPA while below 8: u = S where S^2 >=
%   LAMBDA/beta, else 0; then the gradient loop.  With LAMBDA = 0 the gradient
%   loop runs once, without u.
%
%   Source: docs/algorithm, section 4; paper eq. (7)-(11); [26].
if nargin < 5, kappa = 2; end
check_picture(Im, 'Im', true);
op = latent_operators(Im, kernel);
S = Im;
if lambda == 0
    S = L0_gradient_loop(S, op, 0, 0, wei_grad, kappa);
    return
end
beta = 2 * lambda;
while beta < 8
    u = S;
    u(S.^2 < lambda / beta) = 0;
    S = L0_gradient_loop(S, op, beta, u, wei_grad, kappa);
    beta = beta * kappa;
end
end
