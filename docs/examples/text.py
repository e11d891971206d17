"""
Text
====

Text and drawings have few grey values and sharp edges everywhere. The intensity prior of Pan et al. was made for them:
it counts the pixels that are not black. The default has one run with it among its own.
"""

import matplotlib.pyplot as plt
import numpy as np

import pydeblur
from pydeblur.metrics import aligned_psnr
from pydeblur.synthesis import blur, random_kernel, valid_part

# %%
# A page of text, drawn by Matplotlib, and blurred by a random path of 15 pixels.


def page(side=230):
    """Black text on white: (side, side) in [0, 1]."""
    figure = plt.figure(figsize=(side / 100, side / 100), dpi=100)
    words = "Blind deblurring\nfinds the path of\nthe camera and\nthe sharp image\nfrom one picture\nthat is blurred."
    figure.text(0.05, 0.95, words, fontsize=11, va="top", linespacing=1.45)
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., 0] / 255
    plt.close(figure)
    return pixels


kernel = random_kernel(15, rng=3)
blurred = blur(page(), kernel, noise=0.005, rng=0, boundary="valid")
sharp = valid_part(page(), kernel.shape)

# %%
# One run with the L0 gradient prior, one with the intensity prior beside it, and the default's several runs.

results = {
    'prior="gradient"': pydeblur.deblur(blurred, 19, prior="gradient"),
    'prior="intensity"': pydeblur.deblur(blurred, 19, prior="intensity"),
    "default": pydeblur.deblur(blurred, 19),
}

fig, axes = plt.subplots(1, 4, figsize=(13, 4), layout="constrained")
pictures = {"blurred": blurred} | {title: result.image for title, result in results.items()}
for axis, (title, picture) in zip(axes, pictures.items()):
    axis.imshow(picture, cmap="gray", vmin=0, vmax=1)
    axis.set_title(f"{title}\n{aligned_psnr(picture, sharp):.1f} dB")
    axis.set_axis_off()
