function [kernel, interim_latent] = blind_deconv(y, lambda_pixel, lambda_grad, opts)
%BLIND_DECONV  Estimate a blur kernel with the extreme channels prior (Yan et al. 2017).
%   [KERNEL, INTERIM_LATENT] = BLIND_DECONV(Y, LAMBDA_PIXEL, LAMBDA_GRAD, OPTS)
%   As the function of this name in the folder above, but for the prior that
%   LAMBDA_PIXEL weighs where OPTS names none.
addpath(fileparts(fileparts(mfilename('fullpath'))), '-end');
[kernel, interim_latent] = ...
    blind_deconv_by_prior('extreme_channels', 'blind_deconv', {y, lambda_pixel, lambda_grad, opts});
end
