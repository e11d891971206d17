function sI = downSmpImC(I, ret)
%DOWNSMPIMC  Shrink an image: low-pass, then bilinear sampling.
%   SI = DOWNSMPIMC(I, RET): I (H, W), RET < 1 the factor; RET = 1 returns I.
%   Taps exp(-(2 pi n)^2 sigma^2 / 2), n = -50..50, sigma = RET/pi, normalised;
%   those whose mass from either end exceeds 0.05 are kept, not renormalised;
%   'valid' convolution both ways; samples at 1, 1 + 1/RET, ... of the result.
%
%   Source: docs/algorithm, section 2.
if ret == 1
    sI = I;
    return
end
taps = low_pass_taps(ret / pi);
smooth = conv2(conv2(I, taps, 'valid'), taps', 'valid');
[x, y] = meshgrid(sample_points(size(smooth, 2), ret), sample_points(size(smooth, 1), ret));
sI = interp2_linear(smooth, x, y);
end

function taps = low_pass_taps(sigma)
taps = exp(-0.5 * (2 * pi * (-50:50)).^2 * sigma^2);
taps = taps / sum(taps);
mass = cumsum(taps);
mass = min(mass, mass(end:-1:1));
taps = taps(mass > 0.05);
end

function x = sample_points(n, ret)
% 1 : 1/ret : n, spelled out: MATLAB's and Octave's colon differ in the last bit
step = 1 / ret;
x = min(1 + (0:floor((n - 1) / step + 1e-10)) * step, n);
end
