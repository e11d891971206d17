"""
A first deblurring
==================

A sharp photograph is blurred as a shaking camera would blur it. Then :func:`pydeblur.deblur` gets the blurred image
alone, and finds both the blur kernel and the sharp image.
"""

import matplotlib.pyplot as plt
from skimage import data

import pydeblur
from pydeblur.metrics import aligned_psnr, kernel_similarity
from pydeblur.synthesis import blur, random_kernel, valid_part

# %%
# The camera's path is random, of 19 pixels. ``boundary="valid"`` keeps only those pixels whose blur saw no border, so
# that the blurred image is as real as a photograph: it knows nothing of what lies beyond its edges.

scene = data.camera()[60:316, 120:376] / 255
true_kernel = random_kernel(19, rng=2)
blurred = blur(scene, true_kernel, noise=0.005, rng=0, boundary="valid")
sharp = valid_part(scene, true_kernel.shape)

# %%
# The one thing that has to be given beside the image is the kernel's size: an odd number of pixels, somewhat larger
# than the blur.

result = pydeblur.deblur(blurred, kernel_size=25)

# %%
# The result has the sharp image, the kernel, and how they were found.

fig, axes = plt.subplots(1, 4, figsize=(12, 3.4), layout="constrained")
pictures = {
    "blurred": (blurred, 1),
    "deblurred": (result.image, 1),
    "kernel found": (result.kernel, None),
    "true kernel": (true_kernel, None),
}
for axis, (title, (picture, white)) in zip(axes, pictures.items()):
    axis.imshow(picture, cmap="gray", vmin=0, vmax=white)
    axis.set_title(title)
    axis.set_axis_off()

# %%
# Here the truth is known, so that the result can be measured. Image and kernel are only known up to a common shift:
# moving the image to the left and the kernel to the right gives the same blurred image. Both measures allow for that.

print(f"blurred:   {aligned_psnr(blurred, sharp):.1f} dB")
print(f"deblurred: {aligned_psnr(result.image, sharp):.1f} dB")
print(f"similarity of the kernels: {kernel_similarity(result.kernel, true_kernel):.2f}")
