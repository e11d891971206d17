"""EM on patches: it climbs, finds a mixture that is known, is what the textbook's loop gives, and resumes exactly."""

import csv

import imageio.v3 as imageio
import numpy as np
import pytest
from skimage import data

from pydeblur.errors import FileFormatError, InvalidInputError, InvalidOptionError
from pydeblur.nonblind.mixture import frequency_basis, load_mixture
from pydeblur.training.images import split_of
from pydeblur.training.mixture import (
    ROUNDING_VARIANCE,
    IncrementalEM,
    mean_log_likelihood,
    sample_patches,
    starting_mixture,
    train_mixture,
)

BASIS = frequency_basis(3)
WEIGHTS = np.array([0.6, 0.4])


def known_covariances():
    """Two textures on 3x3 patches, of 8-bit contrast: rows against columns."""
    rng = np.random.default_rng(7)
    roots = 0.01 * rng.standard_normal((2, 8, 8)) * np.array([[[3.0], [1.0]], [[1.0], [3.0]]]).repeat(4, axis=1)
    return roots @ roots.transpose(0, 2, 1) + 1e-4 * np.eye(8)


@pytest.fixture(scope="module")
def patches():
    """(20000, 9) uint8 of the known mixture."""
    rng = np.random.default_rng(8)
    roots = np.linalg.cholesky(known_covariances())
    labels = (rng.random(20_000) < WEIGHTS[1]).astype(int)
    frequencies = np.einsum("nij,nj->ni", roots[labels], rng.standard_normal((20_000, 8)))
    return np.rint(255 * np.clip(0.5 + frequencies @ BASIS, 0, 1)).astype(np.uint8)


def test_em_finds_a_known_mixture(patches):
    state = IncrementalEM(patches, *starting_mixture(patches[:5000], 2, 0), blocks=4)
    for _ in range(15):
        state.run_pass()
    order = np.argsort(-state.weights)
    assert np.allclose(state.weights[order], WEIGHTS, atol=0.02)
    for found, true in zip(state.covariances[order], known_covariances()):
        assert np.linalg.norm(found - true) < 0.06 * np.linalg.norm(true)


@pytest.mark.parametrize("blocks", [1, 5])
def test_each_pass_raises_the_likelihood(patches, blocks):
    state = IncrementalEM(patches, *starting_mixture(patches[:5000], 3, 0), blocks)
    values = [mean_log_likelihood(state.mixture(), patches)]
    for _ in range(5):
        state.run_pass()
        values.append(mean_log_likelihood(state.mixture(), patches))
    assert np.all(np.diff(values) > -1e-5) and values[-1] > values[0] + 0.05


def test_one_pass_is_the_textbook_s(patches):
    patches = patches[:6000]
    weights, covariances = starting_mixture(patches, 3, 0)
    state = IncrementalEM(patches, weights, covariances, blocks=1)
    likelihood = state.run_pass()
    frequencies = BASIS @ (patches.T / 255)
    joint = np.stack(
        [
            weight * np.exp(-0.5 * np.sum(frequencies * np.linalg.solve(own, frequencies), axis=0))
            / np.sqrt(np.linalg.det(2 * np.pi * own))
            for weight, own in zip(weights, covariances)
        ]
    )
    responsibilities = joint / joint.sum(axis=0)
    mass = responsibilities.sum(axis=1)
    expected = np.einsum("kn,in,jn->kij", responsibilities, frequencies, frequencies) / mass[:, None, None]
    assert likelihood == pytest.approx(np.log(joint.sum(axis=0)).mean(), abs=1e-4)
    assert np.allclose(state.weights, mass / mass.sum(), rtol=0, atol=1e-5)
    assert np.allclose(state.covariances, expected + ROUNDING_VARIANCE * np.eye(8), rtol=1e-4, atol=1e-7)


def test_patches_come_from_all_images_alike_and_in_random_order():
    images = [np.full((10, 12), value, np.uint8) for value in (10, 20, 30)] + [np.zeros((4, 90), np.uint8)]
    patches = sample_patches(images, 1000, 8, 0)
    assert patches.shape == (1000, 64) and np.ptp(patches, axis=1).max() == 0
    values, counts = np.unique(patches[:, 0], return_counts=True)
    assert list(values) == [10, 20, 30] and np.ptp(counts) <= 1
    assert len(set(patches[:10, 0])) > 1
    assert np.array_equal(patches, sample_patches(images, 1000, 8, 0))
    assert not np.array_equal(patches, sample_patches(images, 1000, 8, 1))


def test_patches_are_parts_of_the_image():
    image = np.arange(143, dtype=np.uint8).reshape(11, 13)
    patches = sample_patches([image], 20, 3, 0)
    corners = patches[:, 0]
    assert np.array_equal(patches, corners[:, None] + np.array([0, 1, 2, 13, 14, 15, 26, 27, 28], np.uint8))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two training images and one for validation."""
    folder = tmp_path_factory.mktemp("images")
    number = 0
    for split, picture in zip(("train", "train", "validation"), (data.camera(), data.coins(), data.moon())):
        while split_of(f"{number}.png") != split:
            number += 1
        imageio.imwrite(folder / f"{number}.png", picture[100:250, 100:250])
        number += 1
    return folder


def run(folder, out, **options):
    small = {"components": 4, "patches": 6000, "iterations": 4, "blocks": 3, "side": 4, "progress": False}
    return train_mixture(folder, out, **{**small, **options})


def test_a_run_leaves_mixture_checkpoint_and_log(folder, tmp_path):
    path = run(folder, tmp_path / "run")
    assert {file.name for file in (tmp_path / "run").iterdir()} == {"mixture.npz", "last.npz", "log.csv"}
    assert load_mixture(path).covariances.shape == (4, 16, 16)
    with open(tmp_path / "run" / "log.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["iteration"]) for row in rows] == [1, 2, 3, 4]
    assert float(rows[-1]["log_likelihood"]) > float(rows[0]["log_likelihood"])
    assert np.isfinite(float(rows[-1]["validation"]))


def test_resumed_run_equals_the_uninterrupted_one(folder, tmp_path):
    run(folder, tmp_path / "whole")
    run(folder, tmp_path / "parts", iterations=2)
    with open(tmp_path / "parts" / "log.csv", "a") as file:
        file.write("3,a row that was written,before,the,checkpoint,was\n")
    run(folder, tmp_path / "parts", resume=True)
    mixtures = [load_mixture(tmp_path / name / "mixture.npz") for name in ("whole", "parts")]
    assert np.array_equal(mixtures[0].covariances, mixtures[1].covariances)
    assert np.array_equal(mixtures[0].log_weights, mixtures[1].log_weights)
    without_seconds = [
        [line.rsplit(",", 1)[0] for line in (tmp_path / name / "log.csv").read_text().splitlines()]
        for name in ("whole", "parts")
    ]
    assert without_seconds[0] == without_seconds[1]


def test_the_seed_decides_the_run(folder, tmp_path):
    runs = (("a", 1), ("b", 1), ("c", 2))
    mixtures = [load_mixture(run(folder, tmp_path / name, seed=seed, iterations=1)) for name, seed in runs]
    assert np.array_equal(mixtures[0].covariances, mixtures[1].covariances)
    assert not np.array_equal(mixtures[0].covariances, mixtures[2].covariances)


@pytest.mark.parametrize(
    "options",
    [
        {"components": 0}, {"patches": 2.5}, {"iterations": 0}, {"blocks": -1}, {"side": 1}, {"seed": -1},
        {"patches": 3, "components": 4},
    ],
    ids=str,
)
def test_bad_options_are_refused_in_one_sentence(folder, tmp_path, options):
    with pytest.raises(InvalidOptionError, match=f"^[^\n]*{next(iter(options))}[^\n]*$"):
        run(folder, tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()


def test_bad_folders_and_checkpoints_are_refused(folder, tmp_path):
    with pytest.raises(InvalidInputError, match="data"):
        run(tmp_path / "missing", tmp_path / "run")
    with pytest.raises(FileFormatError, match="last.npz"):
        run(folder, tmp_path / "run", resume=True)
    run(folder, tmp_path / "run", iterations=1)
    with pytest.raises(InvalidOptionError, match="components should be 4"):
        run(folder, tmp_path / "run", components=5, resume=True)
