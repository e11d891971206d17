function golden_runs(out_dir)
%GOLDEN_RUNS  Whole runs with the final ringing removal: OUT_DIR/runs/*.mat.
for name = {'gradient', 'intensity', 'classifier', 'low_contrast', 'dark_channel', ...
        'extreme_channels', 'pmp'}
    c = golden_case(name{1});
    [c.kernel, c.interim_latent, trace] = blind_deconv(c.y, c.lambda_pixel, c.lambda_grad, c.opts);
    for i = 1:numel(trace)
        c.(sprintf('scale_%d_kernel', i)) = trace(i).kernel_out;
    end
    c.n_scales = numel(trace);
    c.deblurred = ringing_artifacts_removal(c.y, c.kernel, c.lambda_tv, c.lambda_l0, c.weight_ring);
    save_golden(out_dir, fullfile('runs', name{1}), rmfield(c, 'sharp'));
end
end
