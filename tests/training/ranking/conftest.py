"""A blurred case, and short runs of the solver in place of the preset's."""

import numpy as np
import pytest

from pydeblur.estimators.plan import RunPlan
from pydeblur.priors.registry import PriorChoice
from pydeblur.solver import SolverOptions
from pydeblur.synthesis import blurred_case, random_kernel
from pydeblur.training.ranking import cases

#: Side of the blurred case.
SIDE = 255


def quick_runs(image, kernel_size):
    """Two runs that end where they are."""
    first = SolverOptions(kernel_size, iterations=1)
    other = SolverOptions(kernel_size, iterations=1, lambda_grad=8e-3)
    return {"first": RunPlan(first, PriorChoice(), {}), "other": RunPlan(other, PriorChoice(), {"lambda_grad": 8e-3})}


@pytest.fixture
def quick(monkeypatch):
    """The runs of all cases are the quick ones, none is refined, and no kernel is damaged."""
    make_quick(monkeypatch)


def make_quick(patch):
    """What the fixture ``quick`` does."""
    patch.setattr(cases, "candidate_runs", quick_runs)
    patch.setattr(cases, "refinement_iterations", lambda kernel_size: [])
    patch.setattr(cases, "_FAULTS_OF_TRUE", 0)
    patch.setattr(cases, "_FAULTS_OF_FOUND", 0)


@pytest.fixture(scope="session")
def make_blurred(camera):
    """make_blurred(noise): a part of the cameraman under a kernel of 13 pixels."""

    def make_blurred(noise=0.01):
        return blurred_case("camera", camera[100:367, 100:367], random_kernel(13, 4), noise, 0, side=SIDE, room=1.1)

    return make_blurred


@pytest.fixture(scope="session")
def case_paths(make_blurred, tmp_path_factory):
    """The files of two quick cases, with 1 % noise and without."""
    folder = tmp_path_factory.mktemp("cases")
    with pytest.MonkeyPatch.context() as patch:
        make_quick(patch)
        for number, noise in enumerate((0.01, 0.0)):
            cases.restored_case(make_blurred(noise), 5).save(folder / f"{number}.npz")
    return sorted(folder.iterdir())


@pytest.fixture
def pictures(tmp_path, split_images_folder, camera):
    """A folder of parts of a picture, some in either split, and one that is too small."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    splits = ("train", "validation", "train", "train", "validation")
    parts = [(split, camera[10 * number :, : 500 - 10 * number][:350]) for number, split in enumerate(splits)]
    split_images_folder(folder, [*parts, ("train", np.full((100, 100), 0.5))])
    return folder
