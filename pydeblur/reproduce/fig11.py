"""Figure 11: the map of the last convolution (C9) on a blurred and on the clear image."""

from __future__ import annotations

import numpy as np

from pydeblur.priors import load_prior
from pydeblur.reproduce.packaged_images import packaged_image
from pydeblur.reproduce.tables import output_folder, pyplot_without_display, write_csv, write_figure
from pydeblur.training.kernels import random_kernel
from pydeblur.training.synthesis import add_noise, blur


def reproduce(data, out, weights: str = "classifier-paper", image: str = "astronaut"):
    """Write fig11.csv (f and the map's mean and quantiles) and fig11.png. `data` is not used."""
    pyplot = pyplot_without_display()
    folder = output_folder(out)
    prior = load_prior("classifier", weights=weights)
    sharp = packaged_image(image)
    rng = np.random.default_rng(1)
    pictures = {
        "blurred": blur(sharp, random_kernel(25, rng), noise=0.01, rng=rng),
        "clear": add_noise(sharp, noise=0.01, rng=rng),
    }
    maps = {name: prior.activation_map(picture) for name, picture in pictures.items()}
    rows = [
        {"image": name, "f": prior.score(pictures[name]), "mean": maps[name].mean()}
        | {f"quantile_{q:g}": np.quantile(maps[name], q) for q in (0.1, 0.5, 0.9)}
        for name in pictures
    ]
    figure = _plot(pyplot, pictures, maps)
    return [write_csv(folder / "fig11.csv", rows), write_figure(folder / "fig11.png", figure)]


def _plot(pyplot, pictures, maps):
    figure, axes = pyplot.subplots(1, 4, figsize=(14, 4))
    limit = max(np.quantile(np.abs(values), 0.99) for values in maps.values())
    for column, name in enumerate(pictures):
        axes[2 * column].imshow(pictures[name], cmap="gray", vmin=0, vmax=1)
        axes[2 * column].set_title(name)
        shown = axes[2 * column + 1].imshow(maps[name], cmap="RdBu_r", vmin=-limit, vmax=limit)
        axes[2 * column + 1].set_title(f"C9 of the {name} image")
    for axis in axes:
        axis.set_axis_off()
    figure.colorbar(shown, ax=axes.tolist(), shrink=0.8)
    return figure
