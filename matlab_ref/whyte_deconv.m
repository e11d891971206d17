function latent = whyte_deconv(y, kernel, iterations)
%WHYTE_DECONV  Non-blind deblurring of images with saturated pixels.
%   LATENT = WHYTE_DECONV(Y, KERNEL): Y (H, W) or (H, W, C) double in [0, 1];
%   LATENT of the same size, >= 0, not clipped at 1.
%   LATENT = WHYTE_DECONV(Y, KERNEL, ITERATIONS): other than 50 iterations.
%
%   Richardson-Lucy with a smooth saturation response and the split update of
%   Whyte, Sivic & Zisserman, "Deblurring shaken and partially saturated
%   images", IJCV 2014.  Channels are treated one by one, masks included.
%   Exact steps (a = 50, phi = 0.9):
%    1. k(k < max(k)/100) = 0; k = k/sum(k).  With r = floor(size(k)/2), b =
%       max(y, 0)^2.2 padded by r on all four sides, replicating the border; all
%       convolutions are circular at that padded size: K = psf2otf(k), K1 =
%       psf2otf(k ~= 0).  mask = 1 on the original pixels, 0 on the padding.
%    2. f = b.  Then in each iteration:
%       x  = max(real(ifft2(fft2(f) .* K)), 0)
%       R  = x - log(1 + exp(a (x-1)))/a,  computed as
%            x - (max(z,0) + log1p(exp(-|z|)))/a with z = a (x-1)
%       R' = 1/(1 + exp(z))
%       e  = (b ./ max(R, eps) - 1) .* mask .* R'
%       S  = (f >= phi) dilated by the 29-pixel disc dx^2 + dy^2 <= 9
%            (nothing outside the padded image)
%       V  = 1 - min(round(real(ifft2(fft2(S) .* K1))), 1)   (pixels whose blur
%            reaches no pixel of S; the round only removes FFT round-off)
%       pU = 1 + real(ifft2(fft2(e .* V) .* conj(K)))   from V only
%       pS = 1 + real(ifft2(fft2(e) .* conj(K)))        from all pixels
%       w  = conv2(S, fspecial('gaussian', 21, 3), 'same')   (zeros outside)
%       f  = f .* max(pU + (pS - pU) .* w, 0)
%    3. latent = (f without the padding)^(1/2.2).
%
%   Source: docs/algorithm, section 7.
if nargin < 3, iterations = 50; end
check_picture(y, 'y', true);
kernel(kernel < max(kernel(:)) / 100) = 0;
kernel = kernel / sum(kernel(:));
pad = floor(size(kernel) / 2);
latent = zeros(size(y));
for c = 1:size(y, 3)
    linear = max(y(:, :, c), 0).^2.2;
    latent(:, :, c) = richardson_lucy(linear, kernel, pad, iterations).^(1 / 2.2);
end
end

function f = richardson_lucy(b, kernel, pad, iterations)
[height, width] = size(b);
b = pad_replicate(b, pad);
rows = pad(1) + (1:height);
columns = pad(2) + (1:width);
mask = zeros(size(b));
mask(rows, columns) = 1;
K = psf2otf(kernel, size(b));
reach = psf2otf(double(kernel ~= 0), size(b));
softening = fspecial('gaussian', 21, 3);
filtered = @(img, otf) real(ifft2(fft2(img) .* otf));
f = b;
for iter = 1:iterations
    [response, slope] = saturate(max(filtered(f, K), 0));
    e = (b ./ max(response, eps) - 1) .* mask .* slope;
    bright = dilated(f >= 0.9);
    safe = 1 - min(round(filtered(bright, reach)), 1);
    from_safe = filtered(e .* safe, conj(K)) + 1;
    from_all = filtered(e, conj(K)) + 1;
    weight = conv2(bright, softening, 'same');
    f = f .* max(from_safe + (from_all - from_safe) .* weight, 0);
end
f = f(rows, columns);
end

function [response, slope] = saturate(x)
a = 50;
z = a * (x - 1);
response = x - (max(z, 0) + log1p(exp(-abs(z)))) / a;
slope = 1 ./ (1 + exp(z));
end

function out = dilated(bright)
[dx, dy] = meshgrid(-3:3, -3:3);
disc = double(dx.^2 + dy.^2 <= 9);
out = double(conv2(double(bright), disc, 'same') > 0.5);
end
