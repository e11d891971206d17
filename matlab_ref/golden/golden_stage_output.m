function c = golden_stage_output(name, c)
%GOLDEN_STAGE_OUTPUT  Run the stage NAME on the inputs in the struct C and add
%   its outputs to C.
switch name
    case 'opt_fft_size'
        c.size = opt_fft_size(c.n);
    case 'wrap_boundary_liu'
        c.ret = wrap_boundary_liu(c.img, c.img_size);
    case 'downSmpImC'
        c.out = downSmpImC(c.img, c.ret);
    case 'init_kernel'
        c.k = init_kernel(c.n);
    case 'fixsize'
        c.out = fixsize(c.f, c.nk1, c.nk2);
    case 'resizeKer'
        c.out = resizeKer(c.k, c.ret, c.k1, c.k2);
    case 'adjust_psf_center'
        c.out = adjust_psf_center(c.psf);
    case 'threshold_pxpy_v1'
        [c.first_px, c.first_py, c.first_threshold] = threshold_pxpy_v1(c.latent, c.psf_size);
        [c.later_px, c.later_py, c.later_threshold] = threshold_pxpy_v1(c.latent, c.psf_size, c.threshold);
    case 'estimate_psf'
        c.cg = estimate_psf(c.blurred_x, c.blurred_y, c.latent_x, c.latent_y, c.weight, c.psf_size);
        c.fft = estimate_psf_fft(c.blurred_x, c.blurred_y, c.latent_x, c.latent_y, c.weight, c.psf_size);
    case 'L0Restoration'
        c.S = L0Restoration(c.Im, c.kernel, c.lambda, c.kappa);
    case 'L0Deblur_whole'
        c.S = L0Deblur_whole(c.Im, c.kernel, c.lambda, c.wei_grad, c.kappa);
    case 'classifier'
        [c.f, c.logit, c.dlogit] = classifier_vjp(c.image, c.params);
    case 'L0Deblur_classifier'
        c.S = L0Deblur_classifier(c.Im, c.kernel, c.lambda, c.wei_grad, c.kappa, c.crop, c.opts);
    case 'dark_channel'
        [c.D, c.index] = dark_channel(c.I, c.patch);
        refined = c.D;
        refined(c.D.^2 < c.threshold) = 0;
        c.out = write_back_minima(c.I, refined, c.index, c.patch);
    case 'L0Deblur_channels'
        c.S = L0Deblur_channels(c.Im, c.kernel, c.lambda, c.wei_grad, c.kappa, c.patch, c.both);
    case 'sparse_block_minima'
        c.out = sparse_block_minima(c.S, c.lambda, c.patch, c.is_fine);
    case 'L0Deblur_pmp'
        c.S = L0Deblur_pmp(c.Im, c.kernel, c.lambda, c.wei_grad, c.kappa, c.patch, c.is_fine);
    case 'blind_deconv_main'
        [c.k_out, c.lambda_pixel_out, c.lambda_grad_out, c.S, trace] = blind_deconv_main( ...
            c.blur_B, c.k, c.lambda_pixel, c.lambda_grad, c.threshold, c.opts);
        c.kernels = trace.kernels;
        c.threshold_out = trace.threshold;
    case 'deblurring_adm_aniso'
        c.I = deblurring_adm_aniso(c.B, c.k, c.lambda, 1);
    case 'bilateral_filter'
        c.result = bilateral_filter(c.img, c.sigma_s, c.sigma_r);
    case 'ringing_artifacts_removal'
        c.result = ringing_artifacts_removal(c.y, c.kernel, c.lambda_tv, c.lambda_l0, c.weight_ring);
    case 'whyte_deconv'
        c.latent = whyte_deconv(c.y, c.kernel, c.iterations);
    case 'comp_upto_shift'
        [c.ssde, c.aligned] = comp_upto_shift(c.I1, c.I2);
end
end
