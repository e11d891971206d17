function [kernel, interim_latent, trace] = blind_deconv(y, lambda_pixel, lambda_grad, opts)
%BLIND_DECONV  Blind deblurring, coarse to fine.
%   [KERNEL, INTERIM_LATENT] = BLIND_DECONV(Y, LAMBDA_PIXEL, LAMBDA_GRAD, OPTS)
%   Y             blurred grey image, (H, W) double in [0, 1]
%   LAMBDA_PIXEL  weight of the image prior (lambda of eq. (4)); 0: none
%   LAMBDA_GRAD   weight of the L0 gradient prior (mu of eq. (4))
%   OPTS          struct with
%     kernel_size    odd; a scalar or [rows columns] of one value (square)
%     xk_iter        iterations per scale (default 5)
%     gamma_correct  exponent applied to Y first (default 1)
%     k_thresh       kernel values below max/k_thresh are dropped at the end
%                    (default 20; 0: only negative values)
%     prior          'gradient' (LAMBDA_PIXEL is taken as 0), 'intensity'
%                    (default when LAMBDA_PIXEL ~= 0), 'classifier' (see
%                    L0Deblur_classifier for its own options), 'dark_channel',
%                    'extreme_channels' (see L0Deblur_channels) or 'pmp' (see
%                    L0Deblur_pmp)
%     patch          side of the windows or blocks of the last three: default 35,
%                    45, and 0.025 times the mean of the sides of Y, rounded down
%     lambda_min     LAMBDA_PIXEL does not fall below it: 1e-2 for 'pmp', else 1e-4
%     kernel_step    'cg' (default) or 'fft'
%   KERNEL          (n, n), sums to 1
%   INTERIM_LATENT  (H, W), the last latent image of the finest scale
%   [..., TRACE] = also returns a struct array, one element per scale from the
%   coarsest on, with the fields ys, kernel_in, kernel_out (centred),
%   latent, lambda_pixel and lambda_grad (after the scale), threshold_start,
%   threshold_end, kernels (n, n, xk_iter), latents (H, W, xk_iter).
%
%   Source: docs/algorithm, section 2; paper section 4, eq. (4).
check_picture(y, 'y', false);
opts = with_defaults(opts, lambda_pixel, size(y));
check_prior(opts.prior);
if strcmp(opts.prior, 'gradient'), lambda_pixel = 0; end
y = y.^opts.gamma_correct;
ret = sqrt(0.5);
coarsest = max(floor(log(5 / min(opts.kernel_size)) / log(ret)), 0);
trace = [];
for s = coarsest:-1:0
    n = kernel_size_at(max(opts.kernel_size), ret^s);
    if s == coarsest
        k = init_kernel(n);
    else
        k = resizeKer(k, 1 / ret, n, n);
    end
    if s == 0
        ys = y;
    else
        ys = downSmpImC(y, ret^s);
    end
    if s == coarsest
        [~, ~, threshold] = threshold_pxpy_v1(ys, max(size(k)));
        if strcmp(opts.prior, 'intensity') && threshold ~= 0 && threshold < lambda_grad / 10
            % pictures of low contrast [26]
            lambda_grad = threshold;
            lambda_pixel = threshold;
        end
    end
    opts.is_fine = s + 1 < (coarsest + 1) / 2;
    record = struct('ys', ys, 'kernel_in', k, 'threshold_start', threshold);
    [k, lambda_pixel, lambda_grad, interim_latent, inner] = ...
        blind_deconv_main(ys, k, lambda_pixel, lambda_grad, threshold, opts);
    k = normalised(max(adjust_psf_center(k), 0));
    trace = [trace, joined(record, k, interim_latent, lambda_pixel, lambda_grad, inner)]; %#ok<AGROW>
end
kernel = k;
if opts.k_thresh > 0
    kernel(kernel < max(kernel(:)) / opts.k_thresh) = 0;
end
kernel = normalised(kernel);
end

function opts = with_defaults(opts, lambda_pixel, shape)
defaults = struct('xk_iter', 5, 'gamma_correct', 1, 'k_thresh', 20, 'kernel_step', 'cg');
for name = fieldnames(defaults)'
    if ~isfield(opts, name{1}), opts.(name{1}) = defaults.(name{1}); end
end
if ~isfield(opts, 'prior')
    if lambda_pixel == 0
        opts.prior = 'gradient';
    else
        opts.prior = 'intensity';
    end
end
if ~isfield(opts, 'patch')
    switch opts.prior
        case 'dark_channel', opts.patch = 35;
        case 'extreme_channels', opts.patch = 45;
        case 'pmp', opts.patch = max(floor(0.025 * mean(shape)), 1);
    end
end
if ~isfield(opts, 'lambda_min')
    opts.lambda_min = 1e-4;
    if strcmp(opts.prior, 'pmp'), opts.lambda_min = 1e-2; end
end
end

function n = kernel_size_at(full_size, ratio)
n = ceil(full_size * ratio);
if mod(n, 2) == 0, n = n + 1; end
end

function k = normalised(k)
total = sum(k(:));
if ~(total > 0), error('blind_deconv:collapsed', 'the kernel estimate collapsed to zero.'); end
k = k / total;
end

function record = joined(record, k, latent, lambda_pixel, lambda_grad, inner)
record.kernel_out = k;
record.latent = latent;
record.lambda_pixel = lambda_pixel;
record.lambda_grad = lambda_grad;
record.threshold_end = inner.threshold;
record.kernels = inner.kernels;
record.latents = inner.latents;
end
