"""Camera poses, the exact operators and the filter flow: adjoints, brute force, and the uniform operators as a special case."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates
from scipy.spatial.transform import Rotation

from pydeblur.backend import compiled
from pydeblur.datasets.packaged_images import packaged_image
from pydeblur.errors import InvalidInputError, InvalidOptionError
from pydeblur.nonuniform import (
    CameraPoses,
    FilterFlow,
    LocalKernels,
    PatchGrid,
    PoseOperator,
    default_focal_length,
    dot_test,
    focal_length_from_35mm,
)
from pydeblur.nonuniform.poses import MODELS
from pydeblur.nonuniform.shake import shaken_case
from pydeblur.synthesis import blur


def random_poses(rng, shape, model, count=6, pixels=2.5):
    """Poses that move no pixel by more than about so many pixels."""
    across = 1.0 if model == "roll-xy" else 1 / default_focal_length(shape)
    units = np.array([across, across, 2 / math.hypot(*shape)])
    return CameraPoses(rng.uniform(-pixels, pixels, (count, 3)) * units / 2, shape, model)


@st.composite
def operators(draw):
    shape = draw(st.integers(1, 24)), draw(st.integers(1, 24))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    poses = random_poses(rng, shape, draw(st.sampled_from(MODELS)), draw(st.integers(1, 5)))
    if draw(st.booleans()):
        return PoseOperator(poses), rng
    counts = tuple(draw(st.integers(1, min(4, side))) for side in shape)
    return FilterFlow(poses, counts), rng


@settings(max_examples=60)
@given(operators())
def test_all_adjoints_pass_the_dot_test(case):
    operator, rng = case
    shape, count = operator.shape, len(operator.poses)
    weights, image = rng.standard_normal(count), rng.standard_normal(shape)
    in_image = dot_test(lambda x: operator.blur(x, weights), lambda y: operator.adjoint(y, weights), shape, shape, rng)
    in_weights = dot_test(
        lambda k: operator.blur(image, k), lambda y: operator.weights_adjoint(y, image), (count,), shape, rng
    )
    assert max(in_image, in_weights) < 1e-12


def test_the_dot_test_finds_a_wrong_adjoint():
    rng = np.random.default_rng(0)
    operator = PoseOperator(random_poses(rng, (20, 20), "roll-xy"))
    weights = rng.random(6)
    wrong = dot_test(lambda x: operator.blur(x, weights), lambda y: operator.blur(y, weights), (20, 20), (20, 20))
    assert wrong > 1e-4


@pytest.mark.parametrize("model", MODELS)
def test_the_exact_operator_is_the_sum_of_bilinear_warps(model):
    rng = np.random.default_rng(1)
    poses = random_poses(rng, (17, 23), model)
    image, weights = rng.random((17, 23)), rng.random(6)
    y, x = np.indices(image.shape)
    expected = np.zeros(image.shape)
    for homography, weight in zip(poses.homographies(), weights):
        u, v, w = np.linalg.inv(homography) @ np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
        expected += weight * map_coordinates(image, (v / w, u / w), order=1, mode="nearest").reshape(image.shape)
    assert np.allclose(PoseOperator(poses).blur(image, weights), expected, atol=1e-12)


def test_compiled_loops_and_numpy_agree(monkeypatch):
    rng = np.random.default_rng(2)
    poses = random_poses(rng, (15, 19), "rotations")
    image, residual, weights = rng.random((15, 19)), rng.random((15, 19)), rng.random(6)

    def results():
        operator = PoseOperator(poses)
        parts = (
            operator.blur(image, weights),
            operator.adjoint(residual, weights),
            operator.weights_adjoint(residual, image),
        )
        return np.concatenate([part.ravel() for part in parts])

    fast = results()
    monkeypatch.setattr(compiled, "_has_numba", lambda: False)
    compiled.imported_loops.cache_clear()
    try:
        plain = results()
    finally:
        monkeypatch.undo()
        compiled.imported_loops.cache_clear()
    assert np.allclose(fast, plain, rtol=0, atol=1e-12)


@pytest.mark.parametrize("make", [PoseOperator, lambda poses: FilterFlow(poses, (3, 4))])
def test_translations_make_the_uniform_blur(make):
    rng = np.random.default_rng(3)
    image, kernel = rng.random((40, 50)), rng.random((5, 7))
    kernel /= kernel.sum()
    y, x = np.indices(kernel.shape)
    poses = CameraPoses(np.column_stack([x.ravel() - 3, y.ravel() - 2, np.zeros(x.size)]), image.shape)
    uniform = blur(image, kernel, noise=0, quantize=False)
    assert np.allclose(make(poses).blur(image, kernel.ravel()), uniform, rtol=0, atol=1e-6)


def test_translations_by_parts_of_a_pixel_make_the_same_kernel_everywhere():
    rng = np.random.default_rng(4)
    poses = CameraPoses(np.column_stack([rng.uniform(-2, 2, (9, 2)), np.zeros(9)]), (30, 30))
    weights = rng.random(9)
    kernels = LocalKernels(poses, PatchGrid((30, 30), (3, 3)).centres).of_weights(weights)
    assert np.allclose(kernels, kernels[0], atol=1e-12)
    image = rng.random((30, 30))
    exact = PoseOperator(poses).blur(image, weights)
    assert np.allclose(FilterFlow(poses, (3, 3)).blur(image, weights), exact, atol=1e-12)
    assert np.allclose(exact, blur(image, kernels[0], noise=0, quantize=False), atol=1e-6)


@settings(max_examples=40)
@given(
    st.integers(2, 60),
    st.integers(2, 60),
    st.integers(1, 7),
    st.integers(1, 7),
    st.integers(0, 9),
    st.none() | st.floats(0.5, 30),
)
def test_windows_sum_to_one(rows, columns, down, across, margin, ramp):
    grid = PatchGrid((rows, columns), (min(down, rows), min(across, columns)), margin, ramp)
    total = grid.paste(grid.windows())
    assert np.allclose(total, 1, atol=1e-12)
    assert grid.windows().min() >= 0


def test_a_ramp_makes_windows_with_a_flat_top_and_smaller_regions():
    tents, flat = (PatchGrid((1, 101), (1, 3), ramp=ramp) for ramp in (None, 10.0))
    whole = np.zeros(101)
    start = flat.origins()[1][1]
    whole[start : start + flat.region[1]] = flat.windows()[1, 0]
    expected = np.interp(np.arange(101), [0, 20, 30, 70, 80, 100], [0, 0, 1, 1, 0, 0])
    assert np.allclose(whole, expected, atol=1e-12)
    assert flat.region[1] == 61 and tents.region[1] == 101


def test_cut_and_paste_are_adjoint():
    grid = PatchGrid((23, 31), (3, 4), 2)
    shape = (len(grid), *(side + 6 for side in grid.region))
    assert dot_test(lambda x: grid.cut(x, 3), lambda y: grid.paste(y, 3), (29, 37), shape) < 1e-14


def test_more_patches_come_nearer_to_the_exact_blur():
    rng = np.random.default_rng(5)
    poses = random_poses(rng, (90, 120), "rotations", 12, pixels=12)
    weights = np.full(12, 1 / 12)
    image = blur(rng.random((90, 120)), np.full((3, 3), 1 / 9), noise=0, quantize=False)
    exact = PoseOperator(poses).blur(image, weights)
    errors = [np.std(FilterFlow(poses, counts).blur(image, weights) - exact) for counts in ((1, 1), (3, 4), (6, 8))]
    assert errors[0] > 2 * errors[1] > 4 * errors[2]


def test_rotation_vectors_are_scipys():
    vectors = np.random.default_rng(6).normal(size=(5, 3))
    shape, focal_length = (30, 40), 50.0
    found = CameraPoses(vectors, shape, "rotations", focal_length).homographies()
    calibration = np.array([[focal_length, 0, 19.5], [0, focal_length, 14.5], [0, 0, 1]])
    expected = calibration @ Rotation.from_rotvec(vectors).as_matrix() @ np.linalg.inv(calibration)
    assert np.allclose(found, expected, atol=1e-10)


def test_small_rotations_act_as_translations_and_roll():
    shape, angle, focal_length = (101, 101), 1e-4, 5000.0
    rotations = CameraPoses([[0.0, angle, 0.0], [angle, 0.0, 0.0], [0.0, 0.0, angle]], shape, "rotations", focal_length)
    planar = CameraPoses([[0.5, 0.0, 0.0], [0.0, -0.5, 0.0], [0.0, 0.0, angle]], shape)
    points = [[10.0, 80.0], [50.0, 50.0]]
    assert np.allclose(rotations.offsets(points), planar.offsets(points), atol=1e-3)


def test_focal_length_by_the_diagonal():
    # 43.27 mm on a 35-mm camera see an angle of 2 atan(1/2) across the diagonal, whatever the picture's shape.
    film = math.hypot(36, 24)
    for shape in ((2000, 3000), (3000, 3000), (4000, 3000)):
        assert focal_length_from_35mm(film, shape) == pytest.approx(math.hypot(*shape))


@pytest.mark.parametrize("bad", [0, -5.0, math.nan, math.inf, "50", None, True])
def test_a_bad_focal_length_is_refused(bad):
    with pytest.raises(InvalidOptionError, match="focal length should be a finite number of pixels above 0"):
        focal_length_from_35mm(bad, (10, 10))


@pytest.mark.parametrize("bad", [0, -5.0, math.nan])
def test_poses_refuse_a_bad_focal_length(bad):
    with pytest.raises(InvalidOptionError, match="focal length"):
        CameraPoses([[0.0, 0.0, 0.0]], (10, 10), "rotations", bad)


@pytest.mark.parametrize("angle", [math.pi / 2, 2.0, math.pi])
def test_a_camera_that_turns_away_from_the_scene_is_refused(angle):
    with pytest.raises(InvalidInputError, match="in front of the camera"):
        CameraPoses([[0.0, angle, 0.0]], (10, 11), "rotations").largest_offset()


@pytest.mark.parametrize("focal_length", [1e-300, 1e-200, 1e-20])
def test_a_focal_length_far_below_a_pixel_is_refused_where_the_poses_are_used(focal_length):
    poses = CameraPoses([[0.0, 0.0, 0.1], [0.01, 0.0, 0.0]], (10, 11), "rotations", focal_length)
    with pytest.raises(InvalidInputError, match="in front of the camera"):
        poses.largest_offset()


@pytest.mark.parametrize("bad", [1e308, -1e7])
def test_poses_that_no_camera_can_have_are_refused(bad):
    with pytest.raises(InvalidInputError, match="poses should be within"):
        CameraPoses([[bad, 0.0, 0.0]], (10, 10))


@pytest.mark.parametrize("bad", [[[0.0, 0.0]], [], [[0.0, math.nan, 0.0]], [["a", "b", "c"]], np.zeros((0, 3))])
def test_bad_poses_are_refused(bad):
    with pytest.raises(InvalidInputError, match="poses should be"):
        CameraPoses(bad, (10, 10))


def test_an_unknown_model_is_refused():
    with pytest.raises(InvalidOptionError, match="poses should be one of roll-xy, rotations"):
        CameraPoses([[0.0, 0.0, 0.0]], (10, 10), "pan")


def test_a_picture_of_another_size_is_refused():
    operator = PoseOperator(CameraPoses([[0.0, 0.0, 0.0]], (10, 12)))
    with pytest.raises(InvalidInputError, match=r"image should be \(10, 12\)"):
        operator.blur(np.zeros((12, 10)), np.ones(1))
    with pytest.raises(InvalidInputError, match="one weight for each of the 1 poses"):
        operator.blur(np.zeros((10, 12)), np.ones(2))


def test_more_patches_than_pixels_are_refused():
    with pytest.raises(InvalidInputError, match="smaller than 9x2 patches"):
        PatchGrid((8, 8), (9, 2))
    with pytest.raises(InvalidOptionError, match="two whole numbers"):
        PatchGrid((8, 8), (0, 2))


# Shakes like those of hand-held cameras


@pytest.fixture(scope="module", params=[1, 2, 3])
def shake(request):
    """A random shake of a photograph: all three rotations, 9 to 30 pixels at the corners."""
    rng = np.random.default_rng(request.param)
    scene = packaged_image(["camera", "astronaut", "coffee"][request.param - 1])[:330, :400]
    return shaken_case(scene, rng, model=MODELS[request.param % 2])


def test_the_filter_flow_is_within_four_thousandths_of_the_range_on_random_shakes(shake):
    exact = PoseOperator(shake.poses).blur(shake.sharp, shake.weights)
    difference = FilterFlow(shake.poses).blur(shake.sharp, shake.weights) - exact
    coarse = FilterFlow(shake.poses, (2, 3)).blur(shake.sharp, shake.weights) - exact
    assert np.sqrt(np.mean(difference**2)) < 0.004 < np.sqrt(np.mean(coarse**2))


@pytest.mark.parametrize("make", [PoseOperator, FilterFlow])
def test_the_adjoints_on_random_shakes(shake, make):
    chosen = np.arange(0, len(shake.poses), 8)
    operator, weights = make(shake.poses.subset(chosen)), shake.weights[chosen]
    in_image = dot_test(
        lambda x: operator.blur(x, weights), lambda y: operator.adjoint(y, weights), *[shake.sharp.shape] * 2
    )
    in_weights = dot_test(
        lambda k: operator.blur(shake.sharp, k),
        lambda y: operator.weights_adjoint(y, shake.sharp),
        weights.shape,
        shake.sharp.shape,
    )
    assert max(in_image, in_weights) < 1e-10


@pytest.mark.parametrize("make", [PoseOperator, FilterFlow])
def test_a_random_shake_without_a_turn_is_the_uniform_blur(shake, make):
    translations = CameraPoses(shake.poses.parameters * [1, 1, 0], shake.sharp.shape)
    if shake.poses.model == "rotations":
        along = shake.poses.parameters[:, [1, 0]] * [shake.poses.focal_length, -shake.poses.focal_length]
        translations = CameraPoses(np.column_stack([along, np.zeros(len(along))]), shake.sharp.shape)
    kernel = LocalKernels(translations, [[0.0, 0.0]]).of_weights(shake.weights)[0]
    uniform = blur(shake.sharp, kernel, noise=0, quantize=False)
    assert np.abs(make(translations).blur(shake.sharp, shake.weights) - uniform).max() < 1e-6
