"""
A camera that turned
====================

Where the camera has rolled about its optical axis, the blur changes over the picture, and no single kernel explains it.
``nonuniform=True`` estimates the camera's poses instead.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import pydeblur
from pydeblur.metrics.rigid_alignment import rigidly_aligned_psnr
from pydeblur.nonuniform import PoseBlur, draw_kernels, draw_poses, shaken_case
from pydeblur.preprocess.grey import grey_image

# %%
# A photograph is shaken by a camera whose path is known. The true local kernels show that it has turned: they are short
# where the axis of the rotation goes through the picture, and long at its border.

scene = grey_image(data.astronaut() / 255)[:340, 60:420]
case = shaken_case(scene, rng=4)
truth = PoseBlur(case.poses, case.weights)
print(f"{case.extent:.0f} pixels of blur at the corners")

# %%
# The default takes the blur for uniform. With ``nonuniform="auto"`` both are estimated, and the result says which was
# taken and why.

uniform = pydeblur.deblur(case.blurred, case.kernel_size)
result = pydeblur.deblur(case.blurred, case.kernel_size, nonuniform="auto")
print(result.model_choice.reason)


def psnr(image):
    """After the best shift and rotation, which no picture can tell."""
    return rigidly_aligned_psnr(np.clip(image, 0, 1), case.sharp)


pictures = {
    f"blurred, {psnr(case.blurred):.1f} dB": case.blurred,
    f"one kernel, {psnr(uniform.image):.1f} dB": uniform.image,
    f"camera poses, {psnr(result.image):.1f} dB": result.image,
    "sharp": case.sharp,
}
fig, axes = plt.subplots(2, 2, figsize=(9, 8.6), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items()):
    axis.imshow(np.clip(picture, 0, 1), cmap="gray", vmin=0, vmax=1)
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The local kernels over the picture, true and estimated. They are known up to a common motion, which the restored picture
# has taken over.

blur = truth if result.nonuniform is None else result.nonuniform.blur
fig, axes = plt.subplots(1, 2, figsize=(9, 4.4), layout="constrained")
for axis, (title, each) in zip(axes, {"true": truth, "estimated": blur}.items()):
    axis.imshow(draw_kernels(each, case.blurred, enlargement=2))
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The weights of the poses: shifts along x and y in pixels, and the roll in degrees.

fig, axis = plt.subplots(figsize=(10, 3.2), layout="constrained")
axis.imshow(draw_poses(blur))
axis.set_axis_off()
