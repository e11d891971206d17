function [k, lambda_pixel, lambda_grad, S] = blind_deconv_main(blur_B, k, lambda_pixel, lambda_grad, threshold, opts)
%BLIND_DECONV_MAIN  Alternate latent image and kernel with the extreme channels prior (Yan et al. 2017).
%   [K, LAMBDA_PIXEL, LAMBDA_GRAD, S] =
%       BLIND_DECONV_MAIN(BLUR_B, K, LAMBDA_PIXEL, LAMBDA_GRAD, THRESHOLD, OPTS)
%   As the function of this name in the folder above, but for the prior that
%   LAMBDA_PIXEL weighs where OPTS names none.
addpath(fileparts(fileparts(mfilename('fullpath'))), '-end');
[k, lambda_pixel, lambda_grad, S] = blind_deconv_by_prior('extreme_channels', 'blind_deconv_main', ...
    {blur_B, k, lambda_pixel, lambda_grad, threshold, opts});
end
