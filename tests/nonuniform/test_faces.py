"""``pydeblur.deblur`` and ``estimate_kernel`` with a camera that turned: what is taken, what comes back, what is refused."""

import numpy as np
import pytest

import pydeblur
from pydeblur.errors import InvalidInputError, InvalidOptionError, KernelCollapseError
from pydeblur.estimators.protocol import KernelEstimate
from pydeblur.metrics.rigid_alignment import rigidly_aligned_psnr
from pydeblur.nonuniform import (
    CameraPoses,
    PoseBlur,
    blind_deconv_nonuniform,
    blur_of_whole_picture,
    deconvolve_nonuniform,
    estimate,
)
from pydeblur.nonuniform.choose import ModelChoice
from pydeblur.nonuniform.options import nonuniform_solver_options
from pydeblur.nonuniform.plan import resolve_nonuniform
from pydeblur.nonuniform.shake import shaken_case
from pydeblur.preprocess.region import Region

QUICK = {"iterations": 1, "nonblind": "tv"}

# A kernel of a small picture may reach the border of its size.
pytestmark = pytest.mark.filterwarnings("ignore::pydeblur.errors.KernelSizeWarning")


@pytest.fixture(scope="module")
def shaken(sharp_image):
    """A picture of some 100 x 110 pixels whose camera turned."""
    return shaken_case(sharp_image, 3, roll=(2, 4), extent=(5, 9), way=(1, 3))


def test_the_face_makes_what_its_pieces_make(shaken):
    result = pydeblur.deblur(shaken.blurred, 11, nonuniform=True, **QUICK)
    found = blind_deconv_nonuniform(shaken.blurred, nonuniform_solver_options(11, iterations=1))
    np.testing.assert_allclose(result.nonuniform.blur.weights, found.weights, rtol=1e-12)
    assert result.image.dtype == np.float64
    restored = deconvolve_nonuniform(shaken.blurred, result.nonuniform.blur, "tv")
    np.testing.assert_array_equal(result.image, np.clip(restored, 0, 1))
    assert (result.nonblind, result.model_choice, result.candidates) == ("tv", None, ())
    assert [record.scale for record in result.history] == [record.scale for record in found.history]


def test_a_turned_picture_gets_better(shaken):
    result = pydeblur.deblur(shaken.blurred, 11, nonuniform=True)
    before, after = (
        rigidly_aligned_psnr(np.clip(image, 0, 1), shaken.sharp, 12) for image in (shaken.blurred, result.image)
    )
    assert after > before + 1


def test_the_kernel_is_the_local_one_at_the_middle(shaken):
    result = pydeblur.estimate_kernel(shaken.blurred, 11, nonuniform=True, iterations=1)
    blur = result.nonuniform.blur
    (local,) = blur.kernels_at(blur.poses.centre[None])
    assert result.kernel.shape == (11, 11) and result.kernel.sum() == pytest.approx(1)
    cut = (local.shape[0] - 11) // 2
    inner = local[cut : cut + 11, cut : cut + 11] if cut >= 0 else np.pad(local, -cut)
    np.testing.assert_allclose(result.kernel, inner, atol=1e-12)


@pytest.mark.parametrize("nonblind", ["ringing", "tv", "hyper-laplacian", "whyte"])
def test_colours_are_restored_by_the_poses_of_the_grey_picture(shaken, nonblind):
    factors = np.array([1.0, 0.9, 0.8])
    colours = shaken.blurred[..., None] * factors
    result = pydeblur.deblur(colours, 11, nonuniform=True, iterations=1, nonblind=nonblind)
    assert result.image.shape == colours.shape and result.nonblind == nonblind
    # All channels show the same scene.
    means = result.image.mean(axis=(0, 1))
    np.testing.assert_allclose(means / means[0], factors, atol=0.02)


def test_callbacks_see_the_poses_and_may_stop(shaken):
    states = []

    def stop_at_third(state):
        states.append(state)
        if len(states) == 3:
            raise StopIteration

    result = pydeblur.deblur(shaken.blurred, 11, nonuniform=True, nonblind="tv", callback=stop_at_third)
    assert result.stopped and len(states) == len(result.history) == 3
    assert all(len(state.poses) == len(state.weights) for state in states)
    assert result.nonuniform.blur.shape == shaken.blurred.shape


@pytest.mark.parametrize("poses", ["roll-xy", "rotations"])
def test_a_part_gives_poses_for_the_whole(shaken, poses):
    part = Region(4, 10, 80, 90)
    words = {"iterations": 1, "nonuniform": True, "poses": poses, "focal_length": 500.0}
    whole = pydeblur.estimate_kernel(shaken.blurred, 9, crop=tuple(part), **words)
    alone = pydeblur.estimate_kernel(part.part_of(shaken.blurred), 9, value_range="full", **words)
    expected = blur_of_whole_picture(alone.nonuniform.blur, part, shaken.blurred.shape)
    assert whole.crop == part and whole.nonuniform.blur.shape == shaken.blurred.shape
    np.testing.assert_allclose(whole.nonuniform.blur.poses.parameters, expected.poses.parameters, atol=1e-9)
    assert whole.nonuniform.blur.poses.focal_length == 500


def test_the_focal_length_is_that_of_the_whole_picture(shaken):
    found = pydeblur.estimate_kernel(shaken.blurred, 9, crop=(0, 0, 80, 90), nonuniform=True, iterations=1)
    assert found.nonuniform.options.focal_length == max(shaken.blurred.shape)


def test_the_value_range_comes_back(shaken):
    words = {"nonuniform": True, **QUICK}
    result = pydeblur.deblur(shaken.blurred, 9, **words)
    # A power of two scales without rounding.
    scaled = pydeblur.deblur(4096 * shaken.blurred, 9, value_range=(0, 4096), **words)
    np.testing.assert_array_equal(scaled.image, 4096 * result.image)


def test_a_preset_gives_its_prior_and_its_options(shaken):
    result = pydeblur.estimate_kernel(shaken.blurred, 9, nonuniform=True, preset="fast", iterations=1)
    assert result.prior["name"] == "classifier" and result.options.beta_growth == 8
    plain = pydeblur.estimate_kernel(shaken.blurred, 9, nonuniform=True, prior="intensity", iterations=1)
    assert plain.prior["name"] == "intensity" and plain.options.prefilter == 0


# Which model.


@pytest.fixture
def decided(monkeypatch):
    """Make the choice come out as wanted."""

    def decide(nonuniform):
        choice = ModelChoice(nonuniform, "as the test wants", -5.0, -6.0, 4.0)
        monkeypatch.setattr(estimate, "choose_model", lambda *_, **__: choice)
        return choice

    return decide


@pytest.mark.parametrize("nonuniform", [True, False])
def test_auto_takes_what_was_chosen(shaken, decided, nonuniform):
    choice = decided(nonuniform)
    words = {"prior": "gradient", "iterations": 1, "nonblind": "tv"}
    result = pydeblur.deblur(shaken.blurred, 11, nonuniform="auto", **words)
    alone = pydeblur.deblur(shaken.blurred, 11, nonuniform=nonuniform, **words)
    assert result.model_choice is choice and (result.nonuniform is not None) == nonuniform
    np.testing.assert_array_equal(result.image, alone.image)
    if nonuniform:
        assert result.nonuniform.reason == "as the test wants"


def test_auto_takes_one_kernel_for_a_picture_without_turn(sharp_image):
    kernel = np.zeros((7, 7))
    kernel[3, 1:6] = 0.2
    blurred = pydeblur.synthesis.blur(sharp_image, kernel, noise=0.005, rng=0)
    result = pydeblur.deblur(blurred, 9, nonuniform="auto", prior="gradient")
    assert result.nonuniform is None and result.model_choice.reason.startswith("one kernel is taken, since")


def test_auto_needs_no_poses_that_cannot_be_estimated(shaken):
    result = pydeblur.deblur(shaken.blurred, 61, nonuniform="auto", prior="gradient", **QUICK)
    assert result.nonuniform is None and "smaller than a patch" in result.model_choice.reason


def test_a_callback_that_stops_auto_gets_one_kernel(shaken):
    def stop(state):
        raise StopIteration

    result = pydeblur.deblur(shaken.blurred, 9, nonuniform="auto", prior="gradient", nonblind="tv", callback=stop)
    assert result.stopped and "callback" in result.model_choice.reason
    scales = []

    def stop_among_poses(state):
        scales.append(state.record.scale)
        if scales.count(0) > 1:
            raise StopIteration

    words = {"prior": "gradient", "callback": stop_among_poses}
    result = pydeblur.deblur(shaken.blurred, 9, nonuniform="auto", **words, **QUICK)
    assert result.stopped and result.nonuniform is None and result.history[-1].scale == 0


def test_where_one_kernel_collapses_auto_takes_the_poses(shaken):
    choice = resolve_nonuniform("auto")
    shape = shaken.blurred.shape

    def collapsing():
        raise KernelCollapseError("nothing is left of the kernel")

    plan = choice.for_image(shape, shape, 9)
    found = estimate.estimate_either(choice, plan, shaken.blurred, shape, None, collapsing)
    assert isinstance(found, KernelEstimate) and "collapsed" in found.nonuniform.reason


def test_a_blur_that_moves_only_the_corners_is_no_point():
    corner = PoseBlur(CameraPoses([[0.0, 0.0, 0.03], [0.0, 0.0, -0.03]], (81, 101)), [1.0, 1.0])
    kernel = np.zeros((5, 5))
    kernel[2, 2] = 1
    common = {"latent": kernel, "history": None, "options": None, "prior": {}}
    turned = KernelEstimate(kernel, nonuniform=estimate.NonuniformEstimate(corner, "", None), **common)
    assert not estimate.is_delta(turned, 0.99) and estimate.is_delta(KernelEstimate(kernel, **common), 0.99)


# Bad input.

REFUSED = [
    ({"nonuniform": "yes"}, "nonuniform should be True, False or 'auto', but is 'yes'"),
    ({"nonuniform": 1}, "nonuniform should be"),
    ({"nonuniform": True, "focal_length": 0}, "focal_length should be"),
    ({"nonuniform": True, "focal_length": -3.0}, "focal_length should be"),
    ({"nonuniform": True, "focal_length": float("nan")}, "focal_length should be"),
    ({"nonuniform": True, "focal_length": "50"}, "focal_length should be"),
    ({"nonuniform": True, "poses": "yaw"}, "poses should be one of roll-xy, rotations"),
    ({"poses": "rotations"}, "poses belongs to nonuniform blur"),
    ({"focal_length": 800.0}, "focal_length belongs to nonuniform blur"),
    ({"nonuniform_options": {"pose_step": 1.0}}, "nonuniform_options belongs to nonuniform blur"),
    ({"nonuniform": True, "nonuniform_options": {"pose_stepp": 1.0}}, "pose_stepp"),
    ({"nonuniform": True, "nonuniform_options": 5}, "nonuniform_options should be a dict"),
    ({"nonuniform": True, "poses": "roll-xy", "nonuniform_options": {"poses": "rotations"}}, "poses can't be given"),
    ({"nonuniform": True, "method": "cho_lee"}, "cho_lee estimates one kernel"),
    (
        {"nonuniform": "auto", "nonblind": "epll"},
        "needs the final step ringing, tv, hyper-laplacian or whyte, not epll",
    ),
    ({"nonuniform": True, "kernel_solver": "fft"}, "kernel_solver belongs to a single kernel"),
    ({"nonuniform": True, "device": "cuda"}, "device should be cpu"),
    ({"nonuniform": True, "ranking_options": {"threads": 1}}, "ranking_options"),
]


@pytest.mark.parametrize("words, sentence", REFUSED)
def test_bad_options_are_one_sentence(shaken, words, sentence):
    with pytest.raises(InvalidOptionError) as caught:
        pydeblur.deblur(shaken.blurred, 9, **words)
    assert sentence in str(caught.value) and len(str(caught.value)) < 300 and "\n" not in str(caught.value)


def test_a_picture_smaller_than_a_patch_and_a_grid_too_large_are_refused_before_anything(shaken):
    def fail(state):
        raise AssertionError("an iteration was made")

    with pytest.raises(InvalidInputError, match="smaller than a patch"):
        pydeblur.deblur(shaken.blurred, 61, nonuniform=True, callback=fail)
    options = {"pose_step": 0.2}
    with pytest.raises(
        InvalidInputError, match=r"GB of memory: choose a kernel size below 81 or a pose step above 0\.2"
    ):
        pydeblur.deblur(np.tile(shaken.blurred, (3, 3)), 81, nonuniform=True, nonuniform_options=options, callback=fail)


@pytest.mark.parametrize("focal_length", [1e-300, 1e-3, 5.0])
def test_a_focal_length_with_which_corners_lie_beside_the_camera_is_refused(shaken, focal_length):
    with pytest.raises(
        InvalidInputError, match=r"a focal length of .* is too short for this picture .* choose a longer one"
    ):
        pydeblur.deblur(shaken.blurred, 9, nonuniform=True, poses="rotations", focal_length=focal_length)


@pytest.mark.parametrize("focal_length", [0.6, 1e15])
def test_the_widest_and_the_longest_lens_will_do(shaken, focal_length):
    halved = np.hypot(*shaken.blurred.shape) / 2
    found = pydeblur.deblur(
        shaken.blurred, 9, nonuniform=True, poses="rotations", focal_length=focal_length * halved, **QUICK
    )
    assert found.nonuniform.blur.weights.sum() == pytest.approx(1) and found.nonuniform.blur.radius <= 4


def test_saturated_is_nothing_that_poses_know_of(shaken):
    with pytest.raises(InvalidOptionError, match="saturated belongs to a single kernel"):
        pydeblur.estimate_kernel(shaken.blurred, 9, nonuniform=True, saturated=True)
    assert pydeblur.deblur(shaken.blurred, 9, nonuniform=True, saturated=True, iterations=1).nonblind == "whyte"
