"""
The final steps compared
========================

When the kernel is known, one question is left: which sharp image, blurred with it, gives the photograph? The answers
differ in what they take a sharp image to look like. Here all of them get the true kernel, so that nothing but the final
step counts.
"""

import time

import matplotlib.pyplot as plt
from skimage import data
from skimage.color import rgb2gray

import pydeblur
from pydeblur.metrics import aligned_psnr
from pydeblur.nonblind import METHODS
from pydeblur.synthesis import blur, random_kernel, valid_part

scene = rgb2gray(data.chelsea())[40:180, 165:305]
kernel = random_kernel(17, rng=4)
blurred = blur(scene, kernel, noise=0.01, rng=0, boundary="valid")
sharp = valid_part(scene, kernel.shape)

# %%
# "whyte" is made for images with clipped highlights, of which there are none here; it takes noise for detail. "l0"
# gives flat areas with sharp edges: it serves the solver on the way, and drawings, but not photographs. "ringing", the
# default, takes from the result of "tv" what differs from that of "l0" as ringing does. "hyper-laplacian" and "epll"
# know natural images, and "epll" takes far the longest. "learned" is a network that merges deconvolutions.

results = {}
for method in METHODS:
    started = time.process_time()
    image = pydeblur.deconvolve(blurred, kernel, method)
    results[method] = image, aligned_psnr(image, sharp), time.process_time() - started

fig, axes = plt.subplots(2, 5, figsize=(15, 6.6), layout="constrained")
pictures = {"blurred": blurred, "sharp": sharp} | {method: image for method, (image, _, _) in results.items()}
for axis, (title, picture) in zip(axes.flat, pictures.items()):
    axis.imshow(picture, cmap="gray", vmin=0, vmax=1)
    axis.set_title(f"{title}\n{results[title][1]:.1f} dB" if title in results else title)
for axis in axes.flat:
    axis.set_axis_off()

for method, (_, quality, seconds) in results.items():
    print(f"{method:16s} {quality:5.1f} dB  {seconds:5.2f} s")

# %%
# A final step that is named uses the values that are usual in the MATLAB family. Where none is named, the weights of
# "ringing" follow the noise that is found in the image.

usual = pydeblur.deconvolve(blurred, kernel, "ringing")
adapted = pydeblur.deconvolve(blurred, kernel)
print(f"usual weights: {aligned_psnr(usual, sharp):.2f} dB, by the noise: {aligned_psnr(adapted, sharp):.2f} dB")
