"""
A prior of your own
===================

The solver asks a prior for one of two things: its value and its gradient, or the closed form of its splitting step. Any
object that has one of these methods can be handed in.
"""

import matplotlib.pyplot as plt
import numpy as np

import pydeblur
from pydeblur.metrics import aligned_psnr, kernel_similarity
from pydeblur.synthesis import blur, random_kernel, valid_part

# %%
# A drawing has two tones, black and white. The sum of :math:`u^2(1-u)^2` over all pixels is 0 for such an image, and
# grows with every pixel between the two. Its gradient is written down beside it.


class TwoTones:
    """Σ u²(1 - u)²: how far the pixels are from black and white."""

    name = "two tones"

    def value_and_grad(self, u):
        """p(u), and its derivative by each pixel, of u's shape and dtype."""
        return float(np.sum(u**2 * (1 - u) ** 2)), 2 * u * (1 - u) * (1 - 2 * u)


# %%
# A wrong gradient is the likeliest mistake. It shows when a step in some direction is compared with the gradient along
# it.

random = np.random.default_rng(0)
point, direction = random.random((8, 8)), random.standard_normal((8, 8))
step = 1e-6
prior = TwoTones()
difference = prior.value_and_grad(point + step * direction)[0] - prior.value_and_grad(point - step * direction)[0]
print(f"by differences: {difference / (2 * step):.6f}")
print(f"by the gradient: {np.sum(prior.value_and_grad(point)[1] * direction):.6f}")

# %%
# The drawing is blurred by a random path of 15 pixels. The option ``prior_scale`` is the factor w of the prior in eq.
# (12): 1 takes the value as it is, which is right for a sum over pixels; here 20 gives it more weight.


def drawing(side=230):
    """Black text on white: (side, side) in [0, 1]."""
    figure = plt.figure(figsize=(side / 100, side / 100), dpi=100)
    words = "Blind deblurring\nfinds the path of\nthe camera and\nthe sharp image\nfrom one picture\nthat is blurred."
    figure.text(0.05, 0.95, words, fontsize=11, va="top", linespacing=1.45)
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., 0] / 255
    plt.close(figure)
    return pixels


kernel = random_kernel(15, rng=3)
blurred = blur(drawing(), kernel, noise=0.005, rng=0, boundary="valid")
sharp = valid_part(drawing(), kernel.shape)

without = pydeblur.deblur(blurred, 19, prior="gradient")
with_prior = pydeblur.deblur(blurred, 19, prior=TwoTones(), prior_scale=20)

fig, axes = plt.subplots(1, 3, figsize=(12, 4.6), layout="constrained")
pictures = {"blurred": blurred, "gradient prior alone": without.image, "with two tones": with_prior.image}
for axis, (title, picture) in zip(axes, pictures.items()):
    axis.imshow(picture, cmap="gray", vmin=0, vmax=1)
    axis.set_title(f"{title}\n{aligned_psnr(picture, sharp):.1f} dB")
    axis.set_axis_off()

print(f"similarity to the true kernel: {kernel_similarity(without.kernel, kernel):.2f} without, ", end="")
print(f"{kernel_similarity(with_prior.kernel, kernel):.2f} with the prior")

# %%
# On a single image a prior may be ahead by chance. Whether it is worth having shows on a set of images.
