"""A small blurred image, and presets of several quick runs."""

from dataclasses import replace

import numpy as np
import pytest

from pydeblur.estimators import Preset, RankingOptions, Refinement, Variant
from pydeblur.priors.registry import PriorChoice
from pydeblur.synthesis import blur, random_kernel

#: Of three scales with a kernel of 13; ranked by the classifier, whose log-odds know no refinement.
SEVERAL = Preset(
    PriorChoice("gradient"),
    solver={"iterations": 1},
    variants=(
        Variant(),
        Variant({"initial_kernel": "column"}),
        Variant({"lambda_grad": 8e-3}),
        Variant({"lambda_grad": 2e-3}),
    ),
    ranking=RankingOptions("classifier-compact", threads=1),
)
REFINED = replace(
    SEVERAL,
    ranking=RankingOptions(threads=1),
    refinements=(Refinement(2, keep=3), Refinement(4, keep=2), Refinement(6, keep=1)),
)


@pytest.fixture(scope="session")
def blurred():
    rng = np.random.default_rng(0)
    sharp = np.kron(rng.uniform(size=(8, 8)), np.ones((8, 8)))
    return blur(sharp, random_kernel(5, 1), 0.01, rng).astype(float)


@pytest.fixture(scope="session")
def several():
    return SEVERAL


@pytest.fixture(scope="session")
def refined():
    return REFINED
