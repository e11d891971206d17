function golden_nonuniform(out_dir)
%GOLDEN_NONUNIFORM  Goldens of the operators of non-uniform blur: OUT_DIR/nonuniform/operators.mat.
%   octave --no-gui --norc -q --eval "addpath('matlab_ref'); setup_path; golden_nonuniform('tests/golden')"
%   Case i: I, residual, parameters, model, focal_length, weights, patches ->
%   H, blurred, adjoint, weights_adjoint, flow, kernel (at the upper left pixel).
cases = {make(1, [24 31], 'roll-xy', 31), make(2, [31 22], 'rotations', 40), make(3, [1 9], 'roll-xy', 9)};
save_golden(out_dir, fullfile('nonuniform', 'operators'), numbered(cases));
end

function c = make(seed, img_size, model, focal_length)
count = 7;
c.I = golden_random(seed, img_size);
c.residual = golden_random(seed + 10, img_size) - 0.5;
units = [3, 3, 0.1];
if strcmp(model, 'rotations'), units = [3 / focal_length, 3 / focal_length, 0.1]; end
c.parameters = bsxfun(@times, golden_random(seed + 20, [count 3]) - 0.5, 2 * units);
c.model = model;
c.focal_length = focal_length;
c.weights = golden_random(seed + 30, [count 1]);
c.patches = min([3 4], img_size);
c.H = pose_homographies(c.parameters, img_size, model, focal_length);
c.blurred = pose_blur(c.I, c.H, c.weights);
c.adjoint = pose_blur_adjoint(c.residual, c.H, c.weights);
c.weights_adjoint = pose_weights_adjoint(c.residual, c.H, c.I);
c.flow = filter_flow(c.I, c.H, c.weights, c.patches);
c.kernel = pose_kernel(c.H, c.weights, [0 0]);
end
