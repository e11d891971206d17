function settings = golden_case(name)
%GOLDEN_CASE  The blind-deconvolution cases: input, true kernel and options.
%   SETTINGS = GOLDEN_CASE(NAME), NAME 'small', 'gradient', 'intensity',
%   'classifier', 'low_contrast' (of the intensity prior), 'dark_channel',
%   'extreme_channels' or 'pmp': y, sharp, true_kernel, lambda_pixel, lambda_grad, opts, lambda_tv,
%   lambda_l0, weight_ring.
images = golden_inputs();
opts = struct('kernel_size', 0, 'xk_iter', 5, 'gamma_correct', 1, 'k_thresh', 20);
switch name
    case 'small'
        opts.kernel_size = 13;
        settings = blurred_case(images.camera_half(41:148, 41:140), golden_kernel(13, 1), opts, 0, 4e-3);
    case 'gradient'
        opts.kernel_size = 21;
        settings = blurred_case(images.camera_half(1:170, 1:180), golden_kernel(21, 2), opts, 0, 4e-3);
    case 'intensity'
        opts.kernel_size = 15;
        opts.gamma_correct = 1.6;
        settings = blurred_case(images.page(1:142, 1:150), golden_kernel(15, 2), opts, 4e-3, 3e-3);
    case 'classifier'
        opts.kernel_size = 9;
        opts.xk_iter = 2;
        settings = blurred_case(images.camera_half(21:100, 81:168), golden_kernel(9, 2), opts, 4e-3, 4e-3);
        settings.y = golden_textured(settings.y);
        settings.opts.prior = 'classifier';
        settings.opts.classifier = golden_classifier();
        settings.opts.form = 'probability';
        settings.opts.prior_domain = 'crop';
        settings.opts.prior_scale = 'pixels';
        settings.opts.eta = 0.1;
        settings.opts.s_max = 10;
    case 'low_contrast'
        opts.kernel_size = 9;
        settings = blurred_case(images.camera_half(21:100, 81:168), golden_kernel(9, 3), opts, 4e-3, 4e-3);
        settings.y = 0.3 + 0.5 * golden_textured(settings.y);
    case {'dark_channel', 'extreme_channels'}
        opts.kernel_size = 9;
        opts.xk_iter = 2;
        settings = blurred_case(images.camera_half(21:100, 81:168), golden_kernel(9, 2), opts, 4e-3, 4e-3);
        settings.y = golden_textured(settings.y);
        settings.opts.prior = name;
        settings.opts.patch = 11;
    case 'pmp'
        opts.kernel_size = 15;
        opts.gamma_correct = 0.8;
        settings = blurred_case(images.camera_half(21:120, 61:168), golden_kernel(15, 2), opts, 0.1, 5e-3);
        settings.y = golden_textured(settings.y);
        settings.opts.prior = name;
        settings.opts.patch = 5;
        settings.opts.lambda_min = 1e-2;
end
settings.lambda_tv = 1e-3;
settings.lambda_l0 = 5e-4;
settings.weight_ring = 1;
end

function settings = blurred_case(sharp, k, opts, lambda_pixel, lambda_grad)
settings.y = golden_blur(sharp, k, opts.gamma_correct);
half = (size(k, 1) - 1) / 2;
settings.sharp = double(sharp(half + 1:end - half, half + 1:end - half)) / 255;
settings.true_kernel = k;
settings.lambda_pixel = lambda_pixel;
settings.lambda_grad = lambda_grad;
settings.opts = opts;
if lambda_pixel == 0
    settings.opts.prior = 'gradient';
else
    settings.opts.prior = 'intensity';
end
end
