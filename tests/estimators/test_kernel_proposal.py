"""Kernels that a network proposes: against the solver's own step, from a point and from the truth, and as one of many runs."""

from dataclasses import replace

import numpy as np
import pytest

from pydeblur.estimators import PRESETS, Multistart, Variant
from pydeblur.estimators.kernel_proposal import KernelProposer, ProposalNetwork
from pydeblur.estimators.presets import Proposal, SuccessiveHalving, resolve
from pydeblur.estimators.proposal_network import ProposalArchitecture, encode_network
from pydeblur.solver import SolverOptions
from pydeblur.solver.boundary import padded_shape, wrap_boundary
from pydeblur.solver.gradients import valid_gradients
from pydeblur.solver.kernel import KernelProblem, drop_small_components
from pydeblur.solver.latent import LatentProblem
from pydeblur.solver.pyramid import finish_scale_kernel
from pydeblur.solver.single_scale import splitting_of
from pydeblur.synthesis import blur, random_kernel

PROPOSAL = Proposal((Variant({"lambda_grad": 3e-3}),), keep=2, size_factor=1.25, alternations=2)


@pytest.fixture(scope="module")
def page():
    """Strokes of many directions, blurred."""
    rng = np.random.default_rng(2)
    rows, columns = np.mgrid[:130, :150]
    sharp = np.full(rows.shape, 0.8)
    for _ in range(60):
        angle, (top, left) = rng.uniform(0, np.pi), rng.uniform(0, rows.shape)
        along = (rows - top) * np.sin(angle) + (columns - left) * np.cos(angle)
        across = (rows - top) * np.cos(angle) - (columns - left) * np.sin(angle)
        sharp[(abs(along) < rng.uniform(5, 25)) & (abs(across) < rng.uniform(1, 4))] = rng.uniform(0, 0.6)
    kernel = random_kernel(15, 3, 1.0)
    return blur(sharp, kernel, 0.005, 1, boundary="valid"), kernel


def options_for(size):
    return SolverOptions(size, **{**PRESETS["best"].solver, "noise_reference": None, "prefilter": 0.0})


def test_a_network_that_says_nothing_leaves_the_solvers_own_step(tmp_path, page):
    architecture = ProposalArchitecture((4, 4, 4))
    zeros = {name: np.zeros(shape, np.float32) for name, shape in architecture.parameter_shapes().items()}
    (tmp_path / "zero.onnx").write_bytes(encode_network(architecture, zeros, 1.0, {}))
    blurred, kernel = page[0].astype(np.float32), page[1].astype(np.float32)
    options = options_for(15)
    (found,) = KernelProposer(blurred, 15, options, ProposalNetwork(tmp_path / "zero.onnx")).kernels_from(kernel, 1)
    padded = wrap_boundary(blurred, padded_shape(blurred.shape, (15, 15)))
    latent = LatentProblem(padded, blurred.shape, splitting_of(options))
    latent.set_kernel(kernel)
    image = latent.solve(4e-3).image[: blurred.shape[0], : blurred.shape[1]]
    problem = KernelProblem(*valid_gradients(blurred), options.kernel_weight, options.relative_kernel_weight)
    expected = problem.estimate(*valid_gradients(image), (15, 15))
    # A value next to the floor of 5 % may fall on either side of it in single precision.
    assert np.allclose(found, finish_scale_kernel(drop_small_components(expected)), rtol=0, atol=0.06 * expected.max())


def test_a_right_kernel_stays_and_a_point_comes_nearer(page):
    blurred, kernel = page
    proposer = KernelProposer(blurred, 15, options_for(15), ProposalNetwork())

    def likeness(other):
        """The largest correlation at any shift."""
        spectra = [np.fft.rfft2(each, (45, 45)) for each in (kernel, other)]
        correlation = np.fft.irfft2(spectra[0].conj() * spectra[1], (45, 45)).max()
        return correlation / np.linalg.norm(kernel) / np.linalg.norm(other)

    assert likeness(list(proposer.kernels_from(kernel, 2))[-1]) > 0.8
    assert likeness(list(proposer.kernels_from(proposer.point, 3))[-1]) > likeness(proposer.point) + 0.2


def test_proposals_are_kernels(page):
    proposer = KernelProposer(page[0], 11, options_for(11), ProposalNetwork())
    for kernel in proposer.kernels_from(proposer.point, 2):
        assert kernel.shape == (11, 11) and kernel.min() >= 0 and kernel.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("size", [5, 21])
def test_an_image_of_nearly_one_value_is_taken(size):
    """One pixel that differs by a step of eight bits is 100 standard deviations away from the others."""
    image = np.full((100, 90), 0.5)
    image[50, 45] += 1 / 255
    proposer = KernelProposer(image, size, options_for(size), ProposalNetwork())
    for kernel in proposer.kernels_from(proposer.point, 2):
        assert kernel.min() >= 0 and kernel.sum() == pytest.approx(1, abs=1e-5)


class TestAmongTheRuns:
    """The proposed run beside the others, on a small image of quick runs."""

    @pytest.fixture
    def proposing(self, several):
        return replace(several, halving=SuccessiveHalving(1, 2), proposal=PROPOSAL)

    def test_one_run_more_comes_to_the_end(self, proposing, blurred):
        estimate = Multistart(proposing).estimate(blurred, 13)
        (proposed,) = (each for each in estimate.candidates if "proposed" in each.changes)
        assert len(estimate.candidates) == len(proposing.variants) + 1
        assert (proposed.scale, proposed.changes["lambda_grad"]) == (0, 3e-3) and np.isfinite(proposed.score)

    def test_the_others_are_as_without_it(self, proposing, blurred):
        plain = Multistart(replace(proposing, proposal=None)).estimate(blurred, 13).candidates
        found = Multistart(proposing).estimate(blurred, 13).candidates[: len(plain)]
        assert [each.score for each in found] == [each.score for each in plain]

    def test_threads_change_nothing(self, proposing, blurred):
        found = []
        for workers in (1, 2):
            preset = replace(proposing, solver={**proposing.solver, "workers": workers})
            found.append(Multistart(preset).estimate(blurred, 13).kernel)
        assert np.allclose(*found, rtol=0, atol=1e-6)

    def test_a_stop_ends_it(self, proposing, blurred):
        seen = []

        def stop(state):
            seen.append(state.candidate)
            if state.candidate == len(proposing.variants):
                raise StopIteration

        estimate = Multistart(proposing).estimate(blurred, 13, callback=stop)
        assert estimate.stopped and seen[-1] == len(proposing.variants)

    def test_the_plan_counts_its_iterations(self, proposing, blurred):
        plan, plain = (each.for_image(blurred, 13) for each in (proposing, replace(proposing, proposal=None)))
        assert plan.iteration_total == plain.iteration_total + 1
        assert plan.proposal.runs[0].options.lambda_grad == 3e-3

    def test_there_is_none_without_a_halving(self, proposing, blurred):
        assert replace(proposing, halving=None).for_image(blurred, 13).proposal is None

    def test_a_small_image_gets_no_larger_square(self, proposing, blurred):
        assert proposing.for_image(blurred, 13).proposal.point_size == 17
        assert proposing.for_image(blurred, 29).proposal.point_size == 29


def test_a_weight_that_is_given_holds_for_it():
    assert resolve("best", solver={"lambda_grad": 5e-3}).for_wide_kernels.proposal.variants == (Variant(),)
