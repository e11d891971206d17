"""Accuracy of shipped classifiers on benchmarks that no training has seen: Köhler's photos and the text set.

    python benchmarks/classifier_accuracy.py --data DATA [--weights classifier-compact …]

Prints a Markdown table: the mean of the two classes' shares recognised (clear, blurred), at three down-sampling ratios.
"""

import argparse

import numpy as np

from pydeblur.datasets import load
from pydeblur.grey import grey_image
from pydeblur.priors import load_prior
from pydeblur.training.synthesis import add_noise, resize

RATIOS = (1.0, 0.5, 0.25)


def kohler(data):
    """Four sharp references and 48 blurred photos."""
    cases = load("kohler", data)
    return [grey_image(case.sharp) for case in cases[::12]], [grey_image(case.blurred) for case in cases]


def text(data):
    """15 sharp text images and 120 blurred ones; the set has no noise, so both classes get 1 %."""
    cases = load("text", data)
    rng = np.random.default_rng(0)
    return tuple(
        [add_noise(grey_image(image), 0.01, rng) for image in images]
        for images in ([case.sharp for case in cases[::8]], [case.blurred for case in cases])
    )


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data")
    parser.add_argument("--weights", nargs="+", default=["classifier-paper", "classifier-compact"])
    arguments = parser.parse_args()
    print("| weights | set | ratio | accuracy | clear | blurred |\n|---|---|---|---|---|---|")
    for name, pairs in (("Köhler", kohler(arguments.data)), ("text", text(arguments.data))):
        for weights in arguments.weights:
            prior = load_prior("classifier", weights=weights)
            for ratio in RATIOS:
                found = [np.mean([prior.logit(resize(image, ratio)) > 0 for image in images]) for images in pairs]
                shares = [(1 - found[0] + found[1]) / 2, 1 - found[0], found[1]]
                print(f"| {weights} | {name} | {ratio:g} | " + " | ".join(f"{100 * x:.1f} %" for x in shares) + " |", flush=True)


if __name__ == "__main__":
    main()
