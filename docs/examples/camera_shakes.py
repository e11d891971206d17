"""
Camera shakes for tests and training
====================================

Kernels, blurred images and noise of known truth are made by :mod:`pydeblur.synthesis`. The networks of this package
were trained on them, and the other examples use them.
"""

import matplotlib.pyplot as plt
from skimage import data

from pydeblur.synthesis import blurred_case, random_kernel, salt_and_pepper

# %%
# A path is that of a hand that trembles, corrects itself, and now and then jerks, after Boracchi and Foi. The speed may
# vary along it, which makes bright spots and faint streaks.

fig, axes = plt.subplots(2, 6, figsize=(12, 4.4), layout="constrained")
for row, speed_variation in zip(axes, (0.0, 1.0)):
    for seed, axis in enumerate(row):
        axis.imshow(random_kernel(31, rng=seed, speed_variation=speed_variation), cmap="gray")
        axis.set_axis_off()
    row[0].set_title(f"speed_variation={speed_variation:g}", loc="left")

# %%
# A blurred case has all that a comparison needs: the sharp part, the blurred one, the kernel, and the size to ask an
# estimator for.

scene = data.camera() / 255
case = blurred_case("camera", scene, random_kernel(21, rng=1), 0.01, rng=0, side=200)
print(case.blurred.shape, "kernel", case.kernel.shape, "asked for", case.kernel_size)

fig, axes = plt.subplots(1, 3, figsize=(11, 4), layout="constrained")
pictures = {
    "sharp": case.sharp,
    "blurred": case.blurred,
    "and with outliers": salt_and_pepper(case.blurred, 0.05, rng=0),
}
for axis, (title, picture) in zip(axes, pictures.items()):
    axis.imshow(picture, cmap="gray", vmin=0, vmax=1)
    axis.set_title(title)
    axis.set_axis_off()
