"""
Choosing the kernel's size
==========================

The kernel's size is the one number that :func:`pydeblur.deblur` has to be told. It should be a little larger than the
blur. What happens if it is not?
"""

import matplotlib.pyplot as plt
from skimage import data

import pydeblur
from pydeblur.metrics import aligned_psnr
from pydeblur.synthesis import blur, random_kernel, valid_part

scene = data.camera()[60:316, 120:376] / 255
kernel = random_kernel(19, rng=8)
blurred = blur(scene, kernel, noise=0.005, rng=0, boundary="valid")
sharp = valid_part(scene, kernel.shape)

# %%
# The true kernel has 19 pixels. Five sizes are tried, with the fast ``prior="gradient"``.

results = {size: pydeblur.deblur(blurred, size, prior="gradient") for size in (11, 15, 19, 25, 45)}

fig, axes = plt.subplots(2, len(results), figsize=(13, 5.8), layout="constrained")
for (above, below), (size, result) in zip(axes.T, results.items()):
    above.imshow(result.image, cmap="gray", vmin=0, vmax=1)
    above.set_title(f"size {size}: {aligned_psnr(result.image, sharp):.1f} dB")
    below.imshow(result.kernel, cmap="gray")
    above.set_axis_off()
    below.set_axis_off()

# %%
# A kernel that is too small can't hold the path: the estimate touches the border, and the image stays blurred. One that
# is far too large leaves the solver more ways to go wrong, and takes more time. How much of a kernel lies at its border
# is a good sign: above a few per cent, try a larger size.

for size, result in results.items():
    at_border = result.kernel.sum() - result.kernel[1:-1, 1:-1].sum()
    print(f"size {size:2d}: {100 * at_border:4.1f} % of the kernel at its border")
