"""
Watching the iterations, and stopping them
==========================================

The solver goes from a coarse scale, where the kernel has a few pixels only, to the full size. A callback sees the
latent image and the kernel after each iteration, and may end the run.
"""

import matplotlib.pyplot as plt
from skimage import data

import pydeblur
from pydeblur.synthesis import blur, random_kernel

scene = data.camera()[60:316, 120:376] / 255
blurred = blur(scene, random_kernel(19, rng=2), noise=0.005, rng=0, boundary="valid")

# %%
# The callback gets an :class:`~pydeblur.IterationState`. Its record has the figures of the iteration: which scale it
# belongs to (0 is the finest), the energy and its terms, and by how much the kernel has changed.

states = []
estimate = pydeblur.estimate_kernel(blurred, 25, prior="gradient", callback=states.append)
last_of_scale = {state.record.scale: state for state in states}

fig, axes = plt.subplots(2, len(last_of_scale), figsize=(12, 5.2), layout="constrained")
for (above, below), (scale, state) in zip(axes.T, last_of_scale.items()):
    above.imshow(state.latent, cmap="gray", vmin=0, vmax=1)
    above.set_title(f"scale {scale}: {state.record.width} × {state.record.height}")
    below.imshow(state.kernel, cmap="gray")
    below.set_title(f"kernel {state.record.kernel_size}")
    above.set_axis_off()
    below.set_axis_off()

# %%
# The result's ``history`` has the same records, and can be written as a table:
# ``estimate.history.write_csv("history.csv")``.

figure, axis = plt.subplots(figsize=(7, 3), layout="constrained")
axis.semilogy(range(1, len(estimate.history) + 1), estimate.history.column("kernel_change"), "o-")
axis.set_xlabel("iteration")
axis.set_ylabel("change of the kernel")

# %%
# A callback that raises ``StopIteration`` ends the run. What was found until then is the result, and says so. The
# kernel has its full size, whichever scale the run was stopped at.


def stop_before_the_finest_scale(state):
    """End the run as soon as the finest scale is reached."""
    if state.record.scale == 0:
        raise StopIteration


stopped = pydeblur.estimate_kernel(blurred, 25, prior="gradient", callback=stop_before_the_finest_scale)
print(stopped.stopped, stopped.kernel.shape, f"{len(stopped.history)} iterations instead of {len(estimate.history)}")
