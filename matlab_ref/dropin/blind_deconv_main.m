function [k, lambda_pixel, lambda_grad, S] = blind_deconv_main(blur_B, k, lambda_pixel, lambda_grad, threshold, opts)
%BLIND_DECONV_MAIN  Alternate latent image and kernel at one scale.
%   [K, LAMBDA_PIXEL, LAMBDA_GRAD, S] =
%       BLIND_DECONV_MAIN(BLUR_B, K, LAMBDA_PIXEL, LAMBDA_GRAD, THRESHOLD, OPTS)
%   BLUR_B     (H, W) blurred image of this scale; K (n, n) the kernel so far
%   THRESHOLD  for the squared gradients of the first iteration
%   OPTS       as for blind_deconv; kernel_size, gamma_correct and k_thresh are
%              not used here
%   The weights returned are those for the next scale; S is the latent image.
[k, lambda_pixel, lambda_grad, S] = ...
    engine_call('blind_deconv_main', {blur_B, k, lambda_pixel, lambda_grad, threshold, opts});
end
