function [kernel, interim_latent] = blind_deconv(y, lambda_pixel, lambda_grad, opts)
%BLIND_DECONV  Estimate the blur kernel of a grey image, coarse to fine.
%   [KERNEL, INTERIM_LATENT] = BLIND_DECONV(Y, LAMBDA_PIXEL, LAMBDA_GRAD, OPTS)
%   Y             (H, W), in [0, 1]; uint8 and uint16 are scaled as by im2double
%   LAMBDA_PIXEL  weight of the image prior; 0: the gradients alone
%   LAMBDA_GRAD   weight of the L0 norm of the gradients
%   OPTS          struct with kernel_size and, optionally, xk_iter (5),
%                 gamma_correct (1), k_thresh (20), prior ('intensity', that of
%                 the text program; 'gradient', 'dark_channel',
%                 'extreme_channels', 'pmp', 'classifier') and patch; prescale
%                 and what else scripts keep there is not used
%   KERNEL          (n, n), sums to 1; INTERIM_LATENT (H, W)
%   The folders dark_channel, extreme_channels and pmp hold the same function
%   with the prior of those programs.
if ~isfield(opts, 'prior') && ~isempty(strfind(lower(inputname(2)), 'dark')) %#ok<STREMP>
    warning('pydeblur:PriorWarning', ['%s is taken for the weight of the intensity prior: for the dark channel, ' ...
            'add the folder dropin/dark_channel to the path, or set opts.prior to ''dark_channel''.'], inputname(2));
end
[kernel, interim_latent] = engine_call('blind_deconv', {y, lambda_pixel, lambda_grad, opts});
end
