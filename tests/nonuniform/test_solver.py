"""The non-uniform solver: pose grids, eq. (16) and (17) against brute force, whole runs, the choice of the model, bad input."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, rotate, shift
from scipy.optimize import nnls

from pydeblur.errors import InvalidInputError, InvalidOptionError, KernelCollapseError
from pydeblur.metrics.rigid_alignment import find_rigid_motion, rigidly_aligned_psnr
from pydeblur.nonuniform import (
    CameraPoses,
    LocalKernels,
    NonuniformOptions,
    PatchGrid,
    PoseBlur,
    PoseGrid,
    PoseOperator,
    blind_deconv_nonuniform,
    deconvolve_nonuniform,
)
from pydeblur.nonuniform.choose import blur_spread, blur_width, choose_model, decided, turn_share
from pydeblur.nonuniform.latent import PatchLatent, local_transfer_functions
from pydeblur.nonuniform.options import nonuniform_solver_options
from pydeblur.nonuniform.pose_grid import normalised
from pydeblur.nonuniform.shake import shaken_case
from pydeblur.nonuniform.single_kernel import poses_of_kernel
from pydeblur.nonuniform.weights import WeightProblem, neighbour_form
from pydeblur.priors import load_prior
from pydeblur.solver.auxiliary import make_auxiliary_step
from pydeblur.solver.boundary import padded_shape, wrap_boundary
from pydeblur.solver.latent import LatentProblem, Splitting
from pydeblur.solver.options import SolverOptions
from pydeblur.synthesis import blur as uniform_blur


def blocks(shape, seed=0, side=8):
    """A picture of flat squares with a few discs."""
    rng = np.random.default_rng(seed)
    picture = np.kron(rng.random((shape[0] // side + 1, shape[1] // side + 1)), np.ones((side, side)))
    y, x = np.indices(picture.shape)
    for _ in range(20):
        centre, radius = rng.random(2) * picture.shape, rng.uniform(3, 9)
        picture[np.hypot(y - centre[0], x - centre[1]) < radius] = rng.random()
    return picture[: shape[0], : shape[1]]


# Pose grids


@pytest.mark.parametrize("model", ["roll-xy", "rotations"])
def test_a_step_of_the_grid_moves_the_farthest_pixel_by_the_step(model):
    # With a long lens yaw and pitch are translations even at the corners.
    grid = PoseGrid((201, 301), 4, NonuniformOptions(poses=model, pose_step=0.5, focal_length=5000.0))
    offsets = np.linalg.norm(grid.poses(np.eye(3, dtype=int)).offsets([[0.0, 0.0], [150.0, 100.0]]), axis=2)
    assert np.allclose(offsets.max(axis=0), 0.5, rtol=0.02)
    assert grid.poses(grid.all_indices()).largest_offset() <= 4


def test_poses_beyond_the_radius_are_left_out_and_no_others():
    grid = PoseGrid((61, 81), 3, NonuniformOptions())
    every = np.argwhere(np.ones(2 * grid.extent + 1)) - grid.extent
    expected = {tuple(index) for index in every.tolist() if grid.poses(np.array([index])).largest_offset() <= 3}
    assert {tuple(index) for index in grid.all_indices().tolist()} == expected


def test_weights_of_a_coarser_grid_keep_their_place():
    options = NonuniformOptions()
    ratio = np.sqrt(0.5)
    coarse, fine = PoseGrid((142, 184), 6, options, 1 / ratio), PoseGrid((200, 260), 9, options)
    indices = np.array([[2, -3, 1]])
    there, weights = fine.from_coarser(coarse, indices, np.ones(1))
    mean = weights @ (there * fine.units)
    expected = indices[0] * coarse.units * [1 / ratio, 1 / ratio, 1]
    assert np.all(np.abs(mean - expected) < fine.units)
    assert weights.sum() == pytest.approx(1)


def test_centring_moves_the_mean_next_to_no_motion():
    grid = PoseGrid((100, 100), 8, NonuniformOptions())
    indices, weights = np.array([[3, 2, 0], [5, 2, 2]]), np.array([0.5, 0.5])
    moved, kept = grid.centred(indices, weights)
    assert np.abs(kept @ moved).max() <= 0.5 and np.array_equal(moved[1] - moved[0], [2, 0, 2])


@pytest.mark.parametrize("model", ["roll-xy", "rotations"])
def test_a_grid_too_large_for_memory_is_refused_with_what_to_change(model):
    with pytest.raises(
        InvalidInputError, match=r"grid of .* poses would take .* GB .* kernel size below 801 or a pose step"
    ):
        PoseGrid((4000, 4000), 400, NonuniformOptions(poses=model))


def test_no_weight_left_is_a_collapse():
    with pytest.raises(KernelCollapseError, match="poses collapsed"):
        normalised(np.zeros((2, 3), int), np.zeros(2))


def test_the_neighbours_form_is_the_sum_of_squared_differences():
    rng = np.random.default_rng(0)
    mask = rng.random((4, 4, 4)) < 0.5
    indices = np.argwhere(mask)
    weights = rng.random(len(indices))
    dense = np.zeros((6, 6, 6))
    dense[1:-1, 1:-1, 1:-1][mask] = weights
    # Pairs of which neither is there add nothing.
    expected = sum(np.sum(np.diff(dense, axis=axis) ** 2) for axis in range(3))
    assert weights @ (neighbour_form(indices) @ weights) == pytest.approx(expected)


# Eq. (16)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_stack_of_patches_gives_each_patch_the_uniform_solvers_result(dtype):
    rng = np.random.default_rng(1)
    patches = np.stack([blocks((40, 44), seed) for seed in range(3)]).astype(dtype)
    kernels = rng.random((3, 5, 5))
    kernels /= kernels.sum(axis=(1, 2), keepdims=True)
    stacked = LatentProblem(patches, (40, 44), Splitting(alpha_growth=4.0), separate=True)
    stacked.set_transfer_function(local_transfer_functions(kernels.astype(dtype), (40, 44)))
    found = stacked.solve(4e-3).image
    for patch, kernel, image in zip(patches, kernels, found):
        single = LatentProblem(patch, (40, 44), Splitting(alpha_growth=4.0))
        single.set_kernel(kernel)
        assert np.allclose(single.solve(4e-3).image, image, rtol=0, atol=1e-10 if dtype == np.float64 else 1e-3)


class Darkness:
    """A prior of the sum of squared intensities."""

    name = "darkness"

    def value_and_grad(self, image):
        return float((image * image).sum()), 2 * image


@pytest.mark.parametrize("prior", [None, Darkness()])
def test_one_patch_is_the_uniform_latent_step(prior):
    blurred, kernel = blocks((48, 60)), np.full((5, 5), 1 / 25)
    options = SolverOptions(5, prior_scale=1.0)
    padded = wrap_boundary(blurred, padded_shape(blurred.shape, (5, 5)))
    weight = 0.0 if prior is None else 0.05
    problem = LatentProblem(padded, blurred.shape)
    problem.set_kernel(kernel)
    step = make_auxiliary_step(prior, options, blurred.shape, padded.shape)
    expected = problem.solve(4e-3, weight, step).image[:48, :60]
    one = PatchLatent(blurred, PatchGrid(blurred.shape, (1, 1)), 5, options, prior)
    one.set_kernels(kernel[None])
    assert np.allclose(one.solve(4e-3, weight)[0], expected, rtol=0, atol=1e-9)


# Eq. (17)


def test_pose_weights_are_found_from_the_true_gradients():
    shape = (60, 80)
    grid = PoseGrid(shape, 3, NonuniformOptions(pose_step=1.0))
    indices = np.array([[-1, 0, -2], [0, 0, 0], [1, 1, 2]])
    true = np.array([0.3, 0.5, 0.2])
    # Bilinear warps blur white noise, which the local kernels know nothing of.
    latent = gaussian_filter(np.random.default_rng(2).standard_normal((2, *shape)), (0, 1.5, 1.5))
    operator = PoseOperator(grid.poses(indices))
    blurred = [operator.blur(gradient, true) for gradient in latent]
    patches = PatchGrid(shape, (4, 5))
    problem = WeightProblem(*blurred, patches, 3)
    problem.set_latent(*latent)
    near = grid.neighbourhood(indices, 1)
    found = problem.estimate(
        LocalKernels(grid.poses(near), patches.centres, 3), np.full(len(near), 0.01), 0.0, iterations=100
    )
    assert found.min() >= 0
    assert near[np.argmax(found)].tolist() == [0, 0, 0]
    assert np.allclose(found @ near, true @ indices, atol=0.1)
    again = [PoseOperator(grid.poses(near)).blur(gradient, found) for gradient in latent]
    assert np.linalg.norm(np.subtract(again, blurred)) < 0.1 * np.linalg.norm(blurred)


def test_the_weight_problem_is_least_squares_for_one_patch():
    rng = np.random.default_rng(3)
    shape, radius = (20, 24), 1
    y, x = np.meshgrid((-1, 0, 1), (-1, 0, 1), indexing="ij")
    poses = CameraPoses(np.column_stack([x.ravel(), y.ravel(), np.zeros(9)]), shape)
    latent, blurred = rng.standard_normal((2, 2, *shape))
    patches = PatchGrid(shape, (1, 1))
    problem = WeightProblem(*blurred, patches, radius)
    problem.set_latent(*latent)
    found = problem.estimate(LocalKernels(poses, patches.centres, radius), np.full(9, 0.1), 5.0, iterations=300)

    def columns(gradient):
        """The gradient, 0 beyond its border, moved by each pose and laid out on all pixels that it reaches."""
        padded = np.pad(gradient, 2)
        return np.stack(
            [np.roll(padded, (dy, dx), (0, 1)).ravel() for dx, dy in poses.parameters[:, :2].astype(int)], axis=1
        )

    matrix = np.vstack([columns(latent[0]), columns(latent[1]), np.sqrt(5.0) * np.eye(9)])
    target = np.concatenate([*(np.pad(gradient, 2).ravel() for gradient in blurred), np.zeros(9)])
    assert np.allclose(found, nnls(matrix, target)[0], atol=1e-4)


# Whole runs


@pytest.fixture(scope="module")
def case():
    return shaken_case(blocks((118, 130)), 3, noise=0.003, roll=(2.5, 2.5), way=(1.0, 2.0), extent=(4.0, 12.0))


@pytest.fixture(scope="module")
def result(case):
    return blind_deconv_nonuniform(case.blurred, nonuniform_solver_options(case.kernel_size))


def test_a_turning_camera_is_found(case, result):
    restored = deconvolve_nonuniform(case.blurred, PoseBlur(result.poses, result.weights), "tv", lambda_tv=2e-3)
    sharp = case.sharp
    assert rigidly_aligned_psnr(restored, sharp, 12) > rigidly_aligned_psnr(case.blurred, sharp, 12) + 2


def test_the_result_says_how_it_was_found(case, result):
    assert result.poses.shape == case.blurred.shape
    assert len(result.weights) == len(result.poses) and result.weights.min() > 0
    assert result.weights.sum() == pytest.approx(1)
    assert result.prior == {"name": "gradient"} and not result.stopped
    assert result.history.column("scale").tolist() == sorted(result.history.column("scale").tolist(), reverse=True)
    assert result.history[0].lambda_grad == 0.016
    assert result.history[1].lambda_grad == pytest.approx(0.016 / 1.1)
    assert np.all(np.isfinite(result.history.column("energy")))


def test_the_same_picture_gives_the_same_poses():
    one, other = (
        blind_deconv_nonuniform(blocks((60, 70)), nonuniform_solver_options(7, iterations=2)) for _ in range(2)
    )
    assert np.array_equal(one.weights, other.weights)
    assert np.array_equal(one.poses.parameters, other.poses.parameters)


@pytest.mark.parametrize("prior", ["gradient", "intensity"])
@pytest.mark.parametrize("model", ["roll-xy", "rotations"])
def test_every_model_and_prior_can_be_used(prior, model):
    options = nonuniform_solver_options(9, iterations=1)
    found = blind_deconv_nonuniform(blocks((70, 80)), options, NonuniformOptions(poses=model), load_prior(prior))
    assert found.poses.model == model and found.prior["name"] == prior
    assert found.poses.largest_offset() <= 4.01
    if prior == "intensity":
        assert np.all(found.history.column("prior_value") > 0)


@pytest.mark.parametrize("least, weights", [(None, [0.1, 0.05, 0.025]), (0.04, [0.1, 0.05, 0.04])])
def test_the_weight_of_the_prior_falls_to_its_own_least_value(least, weights):
    fields = {"lambda_prior": 0.1, "lambda_decay": 2.0, "lambda_prior_min": least, "lambda_grad": 1.6e-2}
    options = nonuniform_solver_options(5, iterations=3, **fields)
    history = blind_deconv_nonuniform(blocks((50, 60)), options, prior=load_prior("intensity")).history
    assert history.column("lambda_prior") == pytest.approx(weights)
    assert history.column("lambda_grad") == pytest.approx([1.6e-2, 8e-3, 4e-3])


def test_a_callback_sees_the_state_and_may_stop_the_run():
    states = []

    def stop_at_the_second(state):
        states.append(state)
        if len(states) == 2:
            raise StopIteration

    found = blind_deconv_nonuniform(blocks((80, 90)), nonuniform_solver_options(13), callback=stop_at_the_second)
    assert found.stopped and len(found.history) == len(states) == 2
    assert found.poses.shape == (80, 90) and found.weights.sum() == pytest.approx(1)
    state = states[0]
    assert state.kernel.sum() == pytest.approx(1) and not state.latent.flags.writeable
    assert len(state.poses) == len(state.weights)
    assert state.latent.shape == (state.record.height, state.record.width) == state.poses.shape


# Bad input


@pytest.mark.parametrize(
    "image, words",
    [
        (np.full((60, 60), 0.5), "constant"),
        (np.full((60, 60), np.nan), "finite"),
        (np.zeros((60, 60, 3)), r"\(H, W\)"),
        (blocks((20, 60)), "smaller than a patch"),
        (blocks((16, 16)), "smaller than a patch|larger than the kernel"),
    ],
)
def test_a_bad_picture_is_refused_in_one_sentence(image, words):
    with pytest.raises(InvalidInputError, match=words) as caught:
        blind_deconv_nonuniform(image, nonuniform_solver_options(15))
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "options",
    [
        {"focal_length": 0.0},
        {"focal_length": -3},
        {"poses": "pan"},
        {"pose_step": 0.0},
        {"patch_rows": 0},
        {"smoothness": -1},
        {"threshold_share": 0.0},
        {"weight_trim": 1.0},
    ],
)
def test_bad_options_are_refused(options):
    with pytest.raises(InvalidOptionError, match=next(iter(options))):
        NonuniformOptions(**options)


# The choice


def test_one_kernel_unless_the_turning_camera_is_clearly_better():
    assert decided(-5.0, -5.6, 4.0, 0.3).nonuniform
    assert decided(-5.0, -4.95, 4.0, 0.3).nonuniform
    assert not decided(-5.0, -5.3, 4.0, 0.01).nonuniform
    assert decided(-5.0, -5.6, 4.0, 0.01).nonuniform
    assert not decided(-5.0, -4.0, 4.0, 0.3).nonuniform
    assert not decided(-5.0, -6.0, 0.1, 0.3).nonuniform
    assert "hardly changes" in decided(-5.0, -6.0, 0.1, 0.3).reason
    for case in ((-5.0, -6.0, 4.0, 0.3), (-5.0, -5.2, 4.0, 0.2), (-5.0, -5.2, 4.0, 0.0), (-5.0, -4.0, 4.0, 0.3)):
        reason = decided(*case).reason
        assert reason.startswith(("the turning camera is taken, since", "one kernel is taken, since"))
        assert len(reason) < 300 and "\n" not in reason


def test_a_blur_that_is_mostly_a_turn_needs_no_clearly_lower_residual():
    assert decided(-5.0, -4.95, 4.0, 0.01, turn=0.6).nonuniform
    assert "60 % of the blur" in decided(-5.0, -4.95, 4.0, 0.01, turn=0.6).reason
    assert not decided(-5.0, -4.95, 4.0, 0.01, turn=0.4).nonuniform
    assert not decided(-5.0, -4.95, 4.0, -0.01, turn=0.6).nonuniform
    assert not decided(-5.0, -4.8, 4.0, 0.01, turn=0.6).nonuniform
    assert decided(-5.0, -5.2, 4.0, 0.2, turn=0.1).nonuniform


def test_poses_whose_blur_is_much_narrower_than_the_kernel_are_not_taken_whatever_else_speaks_for_them():
    chosen = decided(-5.0, -6.0, 4.0, 0.5, turn=0.6, relative_width=0.4)
    assert not chosen.nonuniform and "only 40 % of its width" in chosen.reason and chosen.relative_width == 0.4
    assert decided(-5.0, -6.0, 4.0, 0.5, turn=0.6, relative_width=0.8).nonuniform
    assert decided(-5.0, -6.0, 4.0, 0.5, turn=0.6, relative_width=3.0).nonuniform


def test_the_width_of_a_blur_is_that_of_its_kernels():
    shape, kernel = (40, 60), np.random.default_rng(0).random((5, 7))
    y, x = (places.ravel() for places in np.indices(kernel.shape))
    variance = sum(np.cov(place, aweights=kernel.ravel(), ddof=0) for place in (x, y))
    assert blur_width(poses_of_kernel(kernel, shape)) == pytest.approx(np.sqrt(variance))
    # A turn is widest at the corners: nine places, by their squared distance from the centre.
    poses = CameraPoses([[0.0, 0.0, -0.05], [0.0, 0.0, 0.05]], (81, 121))
    squares = np.mean([40.0**2 * row**2 + 60.0**2 * column**2 for row in (-1, 0, 1) for column in (-1, 0, 1)])
    assert blur_width(PoseBlur(poses, [1, 1])) == pytest.approx(0.05 * np.sqrt(squares), rel=0.1)


def test_a_collapsed_turn_loses_against_a_wide_kernel(case):
    narrow = PoseBlur(CameraPoses([[0.0, 0.0, -0.03], [0.0, 0.0, 0.03]], case.blurred.shape), [1, 1])
    chosen = choose_model(case.blurred, np.full((13, 13), 1 / 169), narrow)
    assert not chosen.nonuniform and chosen.relative_width < 0.6 and "of its width" in chosen.reason


def test_the_share_of_the_turn_is_that_of_its_mean_square():
    shape, angle = (101, 201), 0.02
    poses = CameraPoses([[4.0, 1.0, -angle], [-4.0, -1.0, angle]], shape)
    turning = (angle * np.hypot(50, 100)) ** 2
    assert turn_share(PoseBlur(poses, [1, 1])) == pytest.approx(turning / (turning + 17), rel=1e-3)
    # The mean of the poses is the picture's own motion, and no blur; about a moved centre the turn moves a little more.
    moved = CameraPoses(poses.parameters + [3.0, -2.0, 0.0], shape)
    assert turn_share(PoseBlur(moved, [1, 1])) == pytest.approx(turning / (turning + 17), rel=0.03)
    assert turn_share(PoseBlur(CameraPoses([[4.0, 1.0, 0.0], [-4.0, 0.0, 0.0]], shape), [1, 1])) == 0
    assert turn_share(PoseBlur(CameraPoses([[0.0, 0.0, 0.0]], shape), [1])) == 0


def test_true_poses_win_against_one_kernel_and_one_kernel_against_poses_where_the_blur_is_uniform(case):
    truth = PoseBlur(case.poses, case.weights)
    middle = truth.kernels_at([case.poses.centre])[0]
    mean = truth.kernels_at(PatchGrid(truth.shape, (4, 4)).centres).mean(0)
    assert choose_model(case.blurred, middle, truth).nonuniform
    chosen = choose_model(case.blurred, mean, truth)
    assert chosen.nonuniform and chosen.residual_gain > 0.1
    uniform = uniform_blur(case.sharp, mean, noise=0.01, rng=1)
    assert not choose_model(uniform, mean, truth).nonuniform


def test_the_spread_is_that_of_the_roll():
    shape, angle = (101, 201), 0.02
    poses = CameraPoses([[4.0, 1.0, -angle], [-4.0, 0.0, angle]], shape)
    assert blur_spread(PoseBlur(poses, [1, 1])) == pytest.approx(angle * np.hypot(50, 100), rel=1e-3)
    still = CameraPoses([[4.0, 1.0, 0.0], [-4.0, 0.0, 0.0]], shape)
    assert blur_spread(PoseBlur(still, [1, 1])) == pytest.approx(0, abs=1e-9)


# What the results are measured with


def test_a_known_motion_is_found():
    image = blocks((120, 130))
    image = gaussian_filter(image, 1.5)
    moved = shift(rotate(image, 0.8, reshape=False, order=3, mode="nearest"), (1.3, -2.6), order=3, mode="nearest")
    motion = find_rigid_motion(moved, image, 20)
    assert abs(np.rad2deg(motion[2])) == pytest.approx(0.8, abs=0.02)
    assert np.allclose(motion[:2], [1.3, -2.6], atol=0.1)
    assert rigidly_aligned_psnr(moved, image, 20) > 45
    assert rigidly_aligned_psnr(image, image, 20) > 200
