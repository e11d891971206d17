function [kernel, interim_latent] = blind_deconv(y, lambda_dark, lambda_grad, opts)
%BLIND_DECONV  Estimate a blur kernel with the dark channel prior (Pan et al. 2016).
%   [KERNEL, INTERIM_LATENT] = BLIND_DECONV(Y, LAMBDA_DARK, LAMBDA_GRAD, OPTS)
%   As the function of this name in the folder above, but for the prior that
%   LAMBDA_DARK weighs where OPTS names none.
addpath(fileparts(fileparts(mfilename('fullpath'))), '-end');
[kernel, interim_latent] = ...
    blind_deconv_by_prior('dark_channel', 'blind_deconv', {y, lambda_dark, lambda_grad, opts});
end
