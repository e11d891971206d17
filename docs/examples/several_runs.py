"""
Several runs, and how one of them is chosen
===========================================

A single run of the solver can end at a wrong kernel, and small things decide whether it does. So the preset "best",
which is the default, makes several runs that differ in their settings, and a ranking network chooses among their
kernels.
"""

import matplotlib.pyplot as plt
from skimage import data

import pydeblur
from pydeblur.metrics import aligned_psnr, kernel_similarity
from pydeblur.synthesis import blur, random_kernel, valid_part

scene = data.camera()[60:316, 120:376] / 255
true_kernel = random_kernel(19, rng=3)
blurred = blur(scene, true_kernel, noise=0.005, rng=0, boundary="valid")
sharp = valid_part(scene, true_kernel.shape)

# %%
# A callback sees the iterations of all runs; ``state.candidate`` tells which run an iteration belongs to. Here it keeps
# the last kernel of each.

last_kernels = {}


def keep_last_kernel(state):
    """Remember the run's newest kernel."""
    last_kernels[state.candidate] = state.kernel


result = pydeblur.deblur(blurred, 25, callback=keep_last_kernel)

# %%
# The result's ``candidates`` say what each run was, and what the ranking network thought of its kernel. The score is
# the predicted logarithm of the error of an image that is deblurred with the kernel: the lower, the better. Without the
# sharp image the network looks only for what wrong kernels leave behind: blur, double edges, ringing.

fig, axes = plt.subplots(1, len(result.candidates), figsize=(13, 3), layout="constrained")
for axis, number, candidate in zip(axes, sorted(last_kernels), result.candidates):
    axis.imshow(last_kernels[number], cmap="gray")
    axis.set_title(f"score {candidate.score:.2f}" + ("\nchosen" if candidate.chosen else "\n"))
    axis.set_axis_off()

for candidate in result.candidates:
    changes = ", ".join(f"{name} {value}" for name, value in candidate.changes.items()) or "as the preset says"
    print(f"{candidate.score:6.2f}  {candidate.iterations:2d} iterations at the finest scale  {changes}")

# %%
# One run with the paper's settings, ``prior="gradient"``, takes a tenth of the time. On this image it fails.

single = pydeblur.deblur(blurred, 25, prior="gradient")

fig, axes = plt.subplots(1, 3, figsize=(12, 4.2), layout="constrained")
for axis, (title, picture) in zip(
    axes, {"blurred": blurred, "one run": single.image, "several runs, the best chosen": result.image}.items()
):
    axis.imshow(picture, cmap="gray", vmin=0, vmax=1)
    axis.set_title(f"{title}\n{aligned_psnr(picture, sharp):.1f} dB")
    axis.set_axis_off()

print(f"similarity to the true kernel: one run {kernel_similarity(single.kernel, true_kernel):.2f}, ", end="")
print(f"several runs {kernel_similarity(result.kernel, true_kernel):.2f}")
