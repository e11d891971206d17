"""
A denoiser of your own
======================

A final step has to know what sharp images look like. The step "plug-and-play" asks a denoiser, any function that takes
noise out of an image: non-local means, a network, BM3D. Fitting the blurred image and denoising take turns.
"""

import matplotlib.pyplot as plt
from skimage import data
from skimage.color import rgb2gray
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle

import pydeblur
from pydeblur.metrics import aligned_psnr
from pydeblur.synthesis import blur, random_kernel, valid_part

scene = rgb2gray(data.astronaut())[20:200, 150:330]
kernel = random_kernel(17, rng=4)
blurred = blur(scene, kernel, noise=0.005, rng=0, boundary="valid")
sharp = valid_part(scene, kernel.shape)

# %%
# A denoiser is called with an image (H, W) in [0, 1] and with the standard deviation of the noise that it should take
# for what the image has, and returns an image of that shape. Non-local means averages similar patches; how alike they
# have to be follows from the noise.


def non_local_means(image, sigma):
    """Similar patches of 5 x 5 pixels, up to 6 pixels away, averaged."""
    return denoise_nl_means(image, patch_size=5, patch_distance=6, h=0.8 * sigma, sigma=sigma)


def total_variation(image, sigma):
    """Few and small gradients."""
    return denoise_tv_chambolle(image, weight=1.2 * sigma)


results = {
    "ringing": pydeblur.deconvolve(blurred, kernel),
    "total variation": pydeblur.deconvolve(blurred, kernel, "plug-and-play", denoiser=total_variation),
    "non-local means": pydeblur.deconvolve(blurred, kernel, "plug-and-play", denoiser=non_local_means),
}

fig, axes = plt.subplots(1, 5, figsize=(15, 3.6), layout="constrained")
pictures = {"blurred": blurred, **results, "sharp": sharp}
for axis, (title, picture) in zip(axes, pictures.items()):
    axis.imshow(picture, cmap="gray", vmin=0, vmax=1)
    axis.set_title(f"{title}\n{aligned_psnr(picture, sharp):.1f} dB" if title in results else title)
    axis.set_axis_off()

# %%
# Strong denoising comes first: a blurred image is far from what a denoiser knows. The strength falls from iteration to
# iteration to twice the image's noise, which is found in the image unless ``noise`` is given.

for iterations in (2, 4, 8, 16):
    image = pydeblur.deconvolve(blurred, kernel, "plug-and-play", denoiser=non_local_means, iterations=iterations)
    print(f"{iterations:2d} iterations: {aligned_psnr(image, sharp):.2f} dB")

# %%
# :func:`pydeblur.deblur` takes the denoiser as well, by ``nonblind="plug-and-play", denoiser=non_local_means``. A colour
# image is denoised channel by channel, or with the option ``jointly=True`` as (H, W, 3). What is returned is checked: a
# wrong shape, or values that are not finite, are told at once.

try:
    pydeblur.deconvolve(blurred, kernel, "plug-and-play", denoiser=lambda image, sigma: image[::2])
except pydeblur.InvalidInputError as error:
    print(error)
