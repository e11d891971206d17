"""
The part of a large image that its kernel is estimated from
===========================================================

A kernel needs some hundred pixels of edges in all directions, not twelve million pixels. ``crop="auto"`` chooses a
square with much texture, in which nothing is clipped. The final step is made on the whole image all the same.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle
from skimage import data

from pydeblur.preprocess.region import choose_region
from pydeblur.synthesis import blur, random_kernel, resize

# %%
# A photograph of 1200 × 1800 pixels, blurred by a path of 31 pixels.

coffee = data.coffee() / 255
large = np.stack([resize(coffee[..., channel], 3) for channel in range(3)], axis=-1)
kernel = random_kernel(31, rng=5)
blurred = np.stack([blur(large[..., channel], kernel, noise=0.005, rng=channel) for channel in range(3)], axis=-1)

region = choose_region(blurred, kernel_size=37)
print(region)

fig, axis = plt.subplots(figsize=(7, 4.8), layout="constrained")
axis.imshow(blurred)
axis.add_patch(
    Rectangle((region.left, region.top), region.width, region.height, fill=False, edgecolor="tab:orange", linewidth=2)
)
axis.set_axis_off()

# %%
# ``pydeblur.deblur(blurred, 37, crop="auto")`` would estimate the kernel from the square; the result's ``crop`` says
# which it was. Where blur differs from place to place, give the part that matters instead: ``crop=(top, left, height,
# width)``.
