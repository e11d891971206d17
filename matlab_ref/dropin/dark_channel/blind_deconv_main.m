function [k, lambda_dark, lambda_grad, S] = blind_deconv_main(blur_B, k, lambda_dark, lambda_grad, threshold, opts)
%BLIND_DECONV_MAIN  Alternate latent image and kernel with the dark channel prior (Pan et al. 2016).
%   [K, LAMBDA_DARK, LAMBDA_GRAD, S] =
%       BLIND_DECONV_MAIN(BLUR_B, K, LAMBDA_DARK, LAMBDA_GRAD, THRESHOLD, OPTS)
%   As the function of this name in the folder above, but for the prior that
%   LAMBDA_DARK weighs where OPTS names none.
addpath(fileparts(fileparts(mfilename('fullpath'))), '-end');
[k, lambda_dark, lambda_grad, S] = blind_deconv_by_prior('dark_channel', 'blind_deconv_main', ...
    {blur_B, k, lambda_dark, lambda_grad, threshold, opts});
end
