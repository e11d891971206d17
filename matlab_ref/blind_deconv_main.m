function [k, lambda_pixel, lambda_grad, S, trace] = blind_deconv_main(blur_B, k, lambda_pixel, lambda_grad, threshold, opts)
%BLIND_DECONV_MAIN  Alternate latent image and kernel at one scale.
%   [K, LAMBDA_PIXEL, LAMBDA_GRAD, S, TRACE] =
%       BLIND_DECONV_MAIN(BLUR_B, K, LAMBDA_PIXEL, LAMBDA_GRAD, THRESHOLD, OPTS)
%   BLUR_B     (H, W) blurred image of this scale; K (n, n) the kernel so far
%   THRESHOLD  gradient threshold to start from
%   OPTS       xk_iter; prior, patch, lambda_min and kernel_step as in blind_deconv;
%              is_fine for the prior 'pmp' (see L0Deblur_pmp)
%   S          (H, W) the last latent image, cropped from the padded one
%   TRACE      threshold (after the last iteration), kernels (n, n, xk_iter)
%              and latents (H, W, xk_iter) after each iteration
%   The weights returned are those for the next scale: divided by 1.1 in each
%   iteration, not below opts.lambda_min (of LAMBDA_PIXEL) and 1e-4; a weight of 0
%   stays 0.
%
%   Source: docs/algorithm, section 3; paper eq. (5), (13).
check_picture(blur_B, 'blur_B', false);
if isfield(opts, 'prior'), check_prior(opts.prior); end
[height, width] = size(blur_B);
padded = wrap_boundary_liu(blur_B, opt_fft_size([height, width] + size(k) - 1));
Bx = conv2(blur_B, [-1 1; 0 0], 'valid');
By = conv2(blur_B, [-1 0; 1 0], 'valid');
if ~isfield(opts, 'lambda_min'), opts.lambda_min = 1e-4; end
trace = struct('threshold', threshold, 'kernels', zeros([size(k), opts.xk_iter]), ...
               'latents', zeros([height, width, opts.xk_iter]));
for iter = 1:opts.xk_iter
    S = latent_image(padded, k, lambda_pixel, lambda_grad, [height, width], opts);
    S = S(1:height, 1:width);
    [Sx, Sy, threshold] = threshold_pxpy_v1(S, max(size(k)), threshold);
    if isfield(opts, 'kernel_step') && strcmp(opts.kernel_step, 'fft')
        k = estimate_psf_fft(Bx, By, Sx, Sy, 2, size(k));
    else
        k = estimate_psf(Bx, By, Sx, Sy, 2, size(k));
    end
    k = without_specks(k);
    lambda_pixel = next_weight(lambda_pixel, opts.lambda_min);
    lambda_grad = next_weight(lambda_grad, 1e-4);
    trace.kernels(:, :, iter) = k;
    trace.latents(:, :, iter) = S;
end
trace.threshold = threshold;
end

function S = latent_image(padded, k, lambda_pixel, lambda_grad, crop, opts)
name = 'intensity';
if isfield(opts, 'prior'), name = opts.prior; end
if lambda_pixel == 0, name = 'gradient'; end
switch name
    case 'classifier'
        S = L0Deblur_classifier(padded, k, lambda_pixel, lambda_grad, 2, crop, opts);
    case {'dark_channel', 'extreme_channels'}
        S = L0Deblur_channels(padded, k, lambda_pixel, lambda_grad, 2, opts.patch, strcmp(name, 'extreme_channels'));
    case 'pmp'
        S = L0Deblur_pmp(padded, k, lambda_pixel, lambda_grad, 2, opts.patch, opts.is_fine);
    otherwise
        S = L0Deblur_whole(padded, k, lambda_pixel, lambda_grad, 2);
end
end

function k = without_specks(k)
components = bwconncomp(k > 0, 8);
for i = 1:components.NumObjects
    pixels = components.PixelIdxList{i};
    if sum(k(pixels)) < 0.1, k(pixels) = 0; end
end
k = max(k, 0);
total = sum(k(:));
if ~(total > 0)
    error('blind_deconv_main:collapsed', 'the kernel estimate collapsed to zero.');
end
k = k / total;
end

function weight = next_weight(weight, least)
if weight ~= 0, weight = max(weight / 1.1, least); end
end
