% CHECK_CONDITIONING  How far input noise of 1e-15 moves each golden output.
%   Run from the repository's root:
%       octave --no-gui --norc -q tests/octave/check_conditioning.m
%   Prints max|change| / max|output| per stage and case, and the kernel's change
%   for the blind cases.  A golden is well behaved when stages stay below
%   1e-11 (bilateral filter: single precision) and kernels below 1e-9.
1;

function c = disturbed(c, seed)
    names = {'img', 'image', 'latent', 'latent_x', 'latent_y', 'blurred_x', 'blurred_y', 'Im', 'B', 'blur_B', 'y', 'I1', 'k', 'kernel', 'psf'};
    for name = names
        if isfield(c, name{1}) && isa(c.(name{1}), 'double') && ~isscalar(c.(name{1}))
            noise = 2e-15 * (golden_random(seed, size(c.(name{1}))) - 0.5);
            if all(c.(name{1})(:) == c.(name{1})(1)), noise(:) = 0; end    % a case about equal values: noise would end it
            c.(name{1}) = c.(name{1}) + noise .* (c.(name{1}) ~= 0);
        end
    end
end

function change = relative_change(a, b)
    change = 0;
    for name = fieldnames(a)'
        x = a.(name{1});
        y = b.(name{1});
        if isnumeric(x) && ~isempty(x)
            change = max(change, max(abs(double(x(:)) - double(y(:)))) / max(max(abs(double(x(:)))), realmin));
        end
    end
end

addpath('matlab_ref');
setup_path();
inputs = golden_stage_inputs();
for name = fieldnames(inputs)'
    for i = 1:numel(inputs.(name{1}))
        c = inputs.(name{1}){i};
        plain = golden_stage_output(name{1}, c);
        printf('%-28s case %d  %.1e\n', name{1}, i, relative_change(plain, golden_stage_output(name{1}, disturbed(c, 17 + i))));
    end
end
for name = {'small', 'gradient', 'intensity', 'classifier', 'low_contrast', 'dark_channel', 'extreme_channels', 'pmp'}
    c = golden_case(name{1});
    k = blind_deconv(c.y, c.lambda_pixel, c.lambda_grad, c.opts);
    for seed = 1:2
        d = disturbed(c, seed);
        moved = blind_deconv(d.y, c.lambda_pixel, c.lambda_grad, c.opts);
        printf('%-28s seed %d  kernel %.1e\n', name{1}, seed, max(abs(moved(:) - k(:))) / max(k(:)));
    end
end
