function latent = whyte_deconv(blurred, kernel)
%WHYTE_DECONV  Non-blind deblurring of images with saturated pixels.
%   LATENT = WHYTE_DECONV(BLURRED, KERNEL): BLURRED (H, W) or (H, W, 3) in [0, 1],
%   saturated at 1; LATENT of its size, at least 0, not clipped at 1.
latent = engine_call('whyte_deconv', {blurred, kernel});
end
