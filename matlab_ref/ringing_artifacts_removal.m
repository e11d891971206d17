function result = ringing_artifacts_removal(y, kernel, lambda_tv, lambda_l0, weight_ring)
%RINGING_ARTIFACTS_REMOVAL  Non-blind deblurring with ringing suppressed.
%   RESULT = RINGING_ARTIFACTS_REMOVAL(Y, KERNEL, LAMBDA_TV, LAMBDA_L0, WEIGHT_RING)
%   Y (H, W) or (H, W, 3) double in [0, 1]; usual values LAMBDA_TV 1e-3,
%   LAMBDA_L0 5e-4 to 2e-3, WEIGHT_RING 1.  RESULT is double, of Y's size:
%   I_tv - WEIGHT_RING * bilateral_filter(I_tv - I_l0, 3, 0.1); with
%   WEIGHT_RING = 0 just I_tv.  Both images are deblurred on the padded Y; the
%   L0 part pads once more, as in the original family.
%
%   Source: docs/algorithm, sections 7 and 11; [26].
check_picture(y, 'y', true);
[height, width, channels] = size(y);
padded = wrap_boundary_liu(y, opt_fft_size([height, width] + size(kernel) - 1));
tv = zeros(height, width, channels);
for c = 1:channels
    whole = deblurring_adm_aniso(padded(:, :, c), kernel, lambda_tv, 1);
    tv(:, :, c) = whole(1:height, 1:width);
end
if weight_ring == 0
    result = tv;
    return
end
l0 = L0Restoration(padded, kernel, lambda_l0, 2);
l0 = l0(1:height, 1:width, :);
result = tv - weight_ring * double(bilateral_filter(tv - l0, 3, 0.1));
end
