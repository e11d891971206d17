function golden_small_case(out_dir)
%GOLDEN_SMALL_CASE  Every scale of one small case: OUT_DIR/scales/*.mat.
%   scales/summary.mat holds the input, the options and the result;
%   scales/scale_1.mat (the coarsest) ... hold what blind_deconv's trace has.
c = golden_case('small');
[kernel, latent, trace] = blind_deconv(c.y, c.lambda_pixel, c.lambda_grad, c.opts);
save_golden(out_dir, fullfile('scales', 'summary'), struct('y', c.y, 'opts', c.opts, ...
    'lambda_pixel', c.lambda_pixel, 'lambda_grad', c.lambda_grad, 'n_scales', numel(trace), ...
    'true_kernel', c.true_kernel, 'kernel', kernel, 'interim_latent', latent));
for i = 1:numel(trace)
    save_golden(out_dir, fullfile('scales', sprintf('scale_%d', i)), rmfield(trace(i), 'latents'));
end
end
