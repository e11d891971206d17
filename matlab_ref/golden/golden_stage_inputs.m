function inputs = golden_stage_inputs()
%GOLDEN_STAGE_INPUTS  Inputs of every stage: a struct of cell arrays of structs.
images = golden_inputs();
grey = double(images.camera_half) / 255;
colour = double(images.astronaut_half) / 255;
inputs.opt_fft_size = {struct('n', 1:700), struct('n', [4000, 4090, 4097, 5000])};
inputs.wrap_boundary_liu = {wrap(grey(1:37, 41:80), [45 48]), wrap(grey(11:50, 61:91), [56 35]), ...
    wrap(colour(1:21, 1:24, :), [28 32]), wrap(grey(1:16, 1:16), [18 18]), wrap(grey(20:39, 70:89), [20 27])};
inputs.downSmpImC = {shrink(grey(41:85, 60:110), 1), shrink(grey(41:85, 60:110), 2), shrink(grey(31:70, 60:113), 3), ...
    shrink(grey(1:64, 50:130), 4), struct('img', grey(1:8, 1:9), 'ret', 1)};
inputs.init_kernel = {struct('n', 3), struct('n', 5), struct('n', 7)};
inputs.fixsize = fix_cases();
inputs.resizeKer = {grow(golden_kernel(7, 1), 9), grow(golden_kernel(9, 2), 13), grow(golden_kernel(13, 3), 19), ...
    grow(golden_kernel(5, 1), 5), grow(init_kernel(5), 7)};
inputs.adjust_psf_center = {off_centre(13, 1, -2, 3), off_centre(13, 2, 3, -1), off_centre(9, 3, 0, 0), ...
    off_centre(15, 1, 4, 4), struct('psf', [0 0 0 1; 0 0 0 2; 0 0 0 1] / 4)};
inputs.threshold_pxpy_v1 = {threshold_case(grey(30:80, 60:121), 5), threshold_case(grey(40:101, 30:80), 7), ...
    threshold_case(golden_random(7, [33 40]), 3), threshold_case(0.5 + 0.05 * grey(31:50, 61:83), 3)};
inputs.threshold_pxpy_v1{end}.threshold = 1.5;
inputs.estimate_psf = {psf_case(grey(31:80, 61:125), 9, 1), psf_case(grey(50:110, 40:89), 13, 2), ...
    psf_case(grey(50:105, 40:85), 9, 3)};
inputs.L0Restoration = {l0_case(grey(31:78, 61:110), 9, 1, 4e-3), l0_case(grey(50:94, 40:80), 7, 2, 5e-4), ...
    l0_case(colour(11:46, 21:59, :), 7, 3, 2e-3)};
inputs.L0Deblur_whole = {whole_case(grey(31:78, 61:110), 7, 1, 4e-3, 4e-3), ...
    whole_case(grey(50:94, 40:80), 9, 2, 2e-3, 3e-3), whole_case(colour(11:40, 21:49, :), 5, 3, 4e-3, 2e-3), ...
    whole_case(grey(31:70, 61:101), 7, 3, 4e-3, 0), whole_case(grey(31:70, 61:101), 7, 3, 0, 4e-3)};
inputs.classifier = {classifier_case(golden_textured(grey(31:54, 61:84))), classifier_case(golden_textured(grey(50:74, 40:70))), ...
    classifier_case(golden_textured(grey(51:58, 71:78))), classifier_case(0.5 * ones(26, 23))};
inputs.L0Deblur_classifier = prior_cases(grey);
inputs.dark_channel = {minima_case(grey(31:70, 61:101), 9, 0.1), minima_case(grey(50:90, 40:79) - 0.2, 5, 0.02), ...
    minima_case(round(8 * grey(20:50, 60:95)) / 8, 7, 0.3), minima_case(grey(1:12, 1:30), 15, 0.2)};
inputs.L0Deblur_channels = {channels_case(grey(31:78, 61:110), 7, 1, 4e-3, 4e-3, 9, false), ...
    channels_case(grey(50:94, 40:80), 9, 2, 2e-3, 3e-3, 15, true), ...
    channels_case(grey(31:70, 61:101), 7, 3, 4e-3, 0, 5, true), channels_case(grey(31:70, 61:101), 7, 3, 0, 4e-3, 5, false)};
inputs.sparse_block_minima = {blocks_case(grey(31:70, 61:101), 0.05, 7, true), blocks_case(grey(50:90, 40:79) - 0.1, 0.02, 4, true), ...
    blocks_case(grey(50:90, 40:79) - 0.1, 0.06, 5, false), blocks_case(round(8 * grey(20:50, 60:95)) / 8, 0.2, 6, false)};
inputs.L0Deblur_pmp = {pmp_case(grey(31:78, 61:110), 7, 1, 0.1, 4e-3, 5, true), ...
    pmp_case(grey(50:94, 40:80), 9, 2, 0.03, 5e-3, 4, false)};
inputs.blind_deconv_main = {main_case(0, 4e-3, 'cg'), main_case(4e-3, 3e-3, 'cg'), main_case(0, 4e-3, 'fft')};
inputs.deblurring_adm_aniso = {tv_case(grey(31:78, 61:110), 9, 1, 1e-3), tv_case(grey(50:94, 40:80), 7, 2, 5e-3)};
inputs.bilateral_filter = {bilateral_case(grey(31:60, 61:98), 3, 0.1), bilateral_case(0.4 * golden_random(5, [23 26]) - 0.2, 3, 0.1), ...
    bilateral_case(colour(11:36, 21:50, :), 3, 0.1), bilateral_case(0.5 * colour(11:28, 21:45, :) - 0.15, 2, 0.15)};
inputs.ringing_artifacts_removal = {ringing_case(grey(31:86, 61:120), 9, 1, 1e-3, 2e-4, 1), ...
    ringing_case(colour(11:50, 21:65, :), 7, 3, 2e-3, 1e-3, 0.7), ringing_case(grey(50:94, 40:80), 7, 2, 1e-3, 5e-4, 0)};
inputs.whyte_deconv = {whyte_case(1.35 * grey(31:80, 61:110), 9, 1, 50), whyte_case(1.25 * colour(11:46, 21:58, :), 7, 3, 50), ...
    whyte_case(grey(50:94, 40:80), 11, 2, 10)};
inputs.comp_upto_shift = {shift_case(grey, 3, -2), shift_case(grey, -4, 5)};
end

function c = wrap(img, img_size)
c = struct('img', img, 'img_size', img_size);
end

function c = shrink(img, s)
c = struct('img', img, 'ret', sqrt(0.5)^s);
end

function cases = fix_cases()
wanted = {[9 9], [7 7]; [5 5], [9 9]; [8 6], [5 9]; [6 9], [9 5]; [4 4], [4 4]; [5 3], [5 7]};
cases = cell(1, 2 * size(wanted, 1));
for i = 1:size(wanted, 1)
    target = wanted{i, 2};
    f = golden_random(100 + i, wanted{i, 1});
    cases{2 * i - 1} = struct('f', f, 'nk1', target(1), 'nk2', target(2));
    f = rot90(f, 2);
    cases{2 * i} = struct('f', f, 'nk1', target(1), 'nk2', target(2));
end
end

function c = grow(k, n)
c = struct('k', k, 'ret', 1 / sqrt(0.5), 'k1', n, 'k2', n);
end

function c = off_centre(n, variant, dy, dx)
psf = circshift(golden_kernel(n, variant), [dy, dx]);
c = struct('psf', psf);
end

function c = threshold_case(latent, psf_size)
c = struct('latent', golden_textured(latent), 'psf_size', psf_size, 'threshold', 0.004);
end

function c = psf_case(sharp, n, variant)
% gradients of the blurred image and thresholded ones of the sharp image
blurred = golden_blur(sharp, golden_kernel(n, variant));
half = (n - 1) / 2;
[latent_x, latent_y] = threshold_pxpy_v1(sharp(half + 1:end - half, half + 1:end - half), n, 0.003);
c = struct('blurred_x', conv2(blurred, [-1 1; 0 0], 'valid'), 'blurred_y', conv2(blurred, [-1 0; 1 0], 'valid'), ...
           'latent_x', latent_x, 'latent_y', latent_y, 'weight', 2, 'psf_size', [n n]);
end

function c = l0_case(sharp, n, variant, lambda)
k = golden_kernel(n, variant);
c = struct('Im', golden_blur(sharp, k), 'kernel', k, 'lambda', lambda, 'kappa', 2);
end

function c = whole_case(sharp, n, variant, lambda, wei_grad)
k = golden_kernel(n, variant);
blurred = golden_blur(sharp, k);
padded = wrap_boundary_liu(blurred, opt_fft_size([size(blurred, 1), size(blurred, 2)] + n - 1));
c = struct('Im', padded, 'kernel', k, 'lambda', lambda, 'wei_grad', wei_grad, 'kappa', 2);
end

function c = classifier_case(image)
c = struct('image', image, 'params', golden_classifier());
end

function cases = prior_cases(grey)
schedule = {'eta', 0.05, 's_max', 4, 'beta_start', 0.03, 'beta_growth', 3, 'beta_max', 2};
cases = {prior_case(grey(31:70, 61:101), 7, 1, 4e-3, 4e-3), ...
    prior_case(grey(50:90, 40:79), 5, 2, 2e-3, 3e-3, 'form', 'nll', 'prior_domain', 'padded', 's_max', 4), ...
    prior_case(grey(31:70, 61:101), 7, 3, 4e-3, 0, 'form', 'logit', 'prior_scale', 300, 's_max', 4), ...
    prior_case(grey(50:90, 40:79), 5, 1, 3e-3, 4e-3, 'form', 'logit', 'prior_domain', 'padded', schedule{:}), ...
    prior_case(grey(31:60, 61:95), 5, 2, 4e-3, 4e-3, 'prior_scale', 1, 's_max', 4), ...
    prior_case(grey(31:60, 61:95), 5, 2, 0, 4e-3)};
end

function c = prior_case(sharp, n, variant, lambda, wei_grad, varargin)
k = golden_kernel(n, variant);
blurred = golden_textured(golden_blur(sharp, k));
c = struct('Im', wrap_boundary_liu(blurred, opt_fft_size(size(blurred) + n - 1)), 'kernel', k, 'lambda', lambda, ...
           'wei_grad', wei_grad, 'kappa', 2, 'crop', size(blurred), ...
           'opts', struct('classifier', golden_classifier(), varargin{:}));
end

function c = minima_case(I, patch, threshold)
c = struct('I', I, 'patch', patch, 'threshold', threshold);
end

function c = channels_case(sharp, n, variant, lambda, wei_grad, patch, both)
c = whole_case(sharp, n, variant, lambda, wei_grad);
c.Im = golden_textured(c.Im);
c.patch = patch;
c.both = both;
end

function c = blocks_case(S, lambda, patch, is_fine)
c = struct('S', S, 'lambda', lambda, 'patch', patch, 'is_fine', is_fine);
end

function c = pmp_case(sharp, n, variant, lambda, wei_grad, patch, is_fine)
c = channels_case(sharp, n, variant, lambda, wei_grad, patch, false);
c = rmfield(c, 'both');
c.is_fine = is_fine;
end

function c = main_case(lambda_pixel, lambda_grad, kernel_step)
images = golden_inputs();
blurred = golden_blur(images.camera_half(50:120, 40:105), golden_kernel(9, 1));
[~, ~, threshold] = threshold_pxpy_v1(blurred, 9);
opts = struct('xk_iter', 3, 'kernel_step', kernel_step, 'prior', 'gradient');
if lambda_pixel ~= 0, opts.prior = 'intensity'; end
c = struct('blur_B', blurred, 'k', golden_kernel(9, 3), 'lambda_pixel', lambda_pixel, ...
           'lambda_grad', lambda_grad, 'threshold', threshold, 'opts', opts);
end

function c = tv_case(sharp, n, variant, lambda)
k = golden_kernel(n, variant);
blurred = golden_blur(sharp, k);
c = struct('B', wrap_boundary_liu(blurred, opt_fft_size(size(blurred) + n - 1)), 'k', k, 'lambda', lambda);
end

function c = bilateral_case(img, sigma_s, sigma_r)
c = struct('img', img, 'sigma_s', sigma_s, 'sigma_r', sigma_r);
end

function c = ringing_case(sharp, n, variant, lambda_tv, lambda_l0, weight_ring)
k = golden_kernel(n, variant);
c = struct('y', golden_blur(sharp, k), 'kernel', k, 'lambda_tv', lambda_tv, 'lambda_l0', lambda_l0, ...
           'weight_ring', weight_ring);
end

function c = whyte_case(radiance, n, variant, iterations)
% blur in linear light, then clip: highlights saturate
k = golden_kernel(n, variant);
c = struct('y', golden_blur(radiance, k, 2.2), 'kernel', k, 'iterations', iterations);
end

function c = shift_case(grey, dy, dx)
truth = grey(31:90, 41:106);
estimate = golden_blur(grey(30 + dy:91 + dy, 40 + dx:107 + dx), [0 1 0; 1 4 1; 0 1 0.5] / 8.5);
c = struct('I1', estimate, 'I2', truth);
end
