"""
Clipped lights
==============

Lamps at night are brighter than the sensor can tell: it clips them to white. Blurred and then clipped, they are no
convolution any more, and a method that does not know of it fills the surroundings with rings.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import pydeblur
from pydeblur.metrics import aligned_psnr, kernel_similarity
from pydeblur.preprocess.clipping import has_clipped_highlights
from pydeblur.synthesis import blur, random_kernel, valid_part

# %%
# A dark scene gets six round lamps, three times as bright as white. Blurred, they are streaks along the camera's path;
# :func:`~pydeblur.synthesis.blur` adds noise, and rounds to 8 bits, which clips what is brighter than 1.

light = 0.4 * data.camera()[60:286, 120:346] / 255
random = np.random.default_rng(4)
for _ in range(6):
    row, column = random.integers(20, 200, 2)
    rows, columns = np.mgrid[: light.shape[0], : light.shape[1]]
    light = np.where(np.hypot(rows - row, columns - column) < random.uniform(2, 4), 3.0, light)
true_kernel = random_kernel(17, rng=7)
blurred = blur(light, true_kernel, noise=0.003, rng=0, boundary="valid")
sharp = valid_part(np.minimum(light, 1), true_kernel.shape)

# %%
# The default looks for clipped highlights by itself. In a dark scene it finds them by their edges: where a blurred
# light was cut off, it breaks off at full steepness, and does not fade as blur does.

print("clipped highlights found:", has_clipped_highlights(blurred, 21))

result = pydeblur.deblur(blurred, 21)
print(f"taken for saturated: {result.saturated}, final step: {result.nonblind!r}")

# %%
# ``saturated=True`` says that there are clipped highlights where they are not found, and ``saturated=False`` that there
# are none.

ignored = pydeblur.deblur(blurred, 21, saturated=False)

fig, axes = plt.subplots(1, 4, figsize=(13, 4), layout="constrained")
pictures = {
    "blurred": blurred,
    "clipping ignored": ignored.image,
    "clipping known": result.image,
    "sharp": sharp,
}
for axis, (title, picture) in zip(axes, pictures.items()):
    quality = "" if title == "sharp" else f"\n{aligned_psnr(np.clip(picture, 0, 1), sharp):.1f} dB"
    axis.imshow(picture, cmap="gray", vmin=0, vmax=0.8)
    axis.set_title(title + quality)
    axis.set_axis_off()

similarities = [kernel_similarity(kernel, true_kernel) for kernel in (ignored.kernel, result.kernel)]
print("similarity to the true kernel: {:.2f} where clipping is ignored, {:.2f} where it is known".format(*similarities))
