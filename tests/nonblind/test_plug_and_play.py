"""The final step with a denoiser of one's own: against a dense solution, EPLL, and total variation; and what it refuses."""

import numpy as np
import pytest
from scipy.linalg import circulant
from scipy.ndimage import gaussian_filter
from skimage import data
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle

import pydeblur
from pydeblur.nonblind import epll
from pydeblur.nonblind.epll import denoise_patches, expected_image
from pydeblur.nonblind.half_quadratic import ROUNDS, DenoisingStep, split_and_denoise
from pydeblur.nonblind.methods import METHODS, check_final_step, completed, final_step_options
from pydeblur.nonblind.mixture import load_mixture
from pydeblur.nonblind.padded_blur import PaddedBlur
from pydeblur.nonblind.plug_and_play import deconvolve_plug_and_play, noise_schedule
from pydeblur.preprocess.noise import noise_level
from pydeblur.synthesis import blur
from pydeblur.synthesis.kernels import random_kernel

KERNEL = random_kernel(9, 3)


def deconvolve(image, **options):
    return pydeblur.deconvolve(image, KERNEL, "plug-and-play", **options)


def non_local_means(image, sigma):
    return denoise_nl_means(image, patch_size=5, patch_distance=6, h=0.8 * sigma, sigma=sigma)


def total_variation(image, sigma):
    return denoise_tv_chambolle(image, weight=1.2 * sigma)


def unchanged(image, sigma):
    return image


@pytest.fixture(scope="module")
def picture():
    sharp = data.astronaut()[100:150, 180:240] / 255.0
    return np.stack([blur(sharp[..., c], KERNEL, rng=c) for c in range(3)], axis=-1).astype(np.float64)


@pytest.fixture(scope="module")
def grey(picture):
    return picture[..., 1]


def test_a_step_in_the_image_solves_the_normal_equations():
    """(KᵀK + c) I = Kᵀ B + c z on a periodic line whose padding takes part, with the matrix of the convolution."""
    line = np.random.default_rng(0).random((1, 12))
    kernel = np.array([[0.2, 0.5, 0.3]])
    problem = PaddedBlur(line, kernel)
    padded, length = problem.image[0].copy(), problem.image.shape[1]
    first_column = np.roll(np.concatenate([kernel[0], np.zeros(length - 3)]), -1)
    matrix, denoised = circulant(first_column), np.random.default_rng(1).random(length)
    observed = padded
    for _ in range(ROUNDS):
        image = np.linalg.solve(matrix.T @ matrix + 0.3 * np.eye(length), matrix.T @ observed + 0.3 * denoised)
        observed = np.concatenate([padded[:12], (matrix @ image)[12:]])
    rows = problem.image.shape[0]
    found = split_and_denoise(line, kernel, [DenoisingStep(0.3, lambda given: np.tile(denoised, (rows, 1)))])
    assert np.allclose(found, image[:12], rtol=0, atol=1e-9)


def test_the_noise_that_the_denoiser_is_told_falls_by_equal_factors():
    told = noise_schedule(0.01, 8)
    assert (told[0], told[-1]) == pytest.approx((0.2, 0.02)) and np.ptp(np.diff(np.log(told))) < 1e-12
    assert noise_schedule(0.5, 3) == pytest.approx([1.0, 1.0, 1.0])


def test_the_denoiser_is_called_as_the_protocol_says(grey):
    calls = []

    def denoiser(image, sigma):
        calls.append((image.shape, image.dtype, image.min() >= 0, image.max() <= 1, sigma))
        assert isinstance(sigma, float)
        image[...] = 0.5  # it is the denoiser's own
        return np.full(image.shape, 0.5, np.float32)

    result = deconvolve(grey.astype(np.float32), denoiser=denoiser, noise=0.02, iterations=3)
    assert result.dtype == np.float32 and result.shape == grey.shape
    shapes, dtypes, *bounds, sigmas = zip(*calls)
    assert len(set(shapes)) == 1 and all(side >= own for side, own in zip(shapes[0], grey.shape))
    assert set(dtypes) == {np.dtype(np.float64)} and all(map(all, bounds))
    assert list(sigmas) == noise_schedule(0.02, 3)


def test_the_noise_is_that_of_the_image_where_it_is_left_out(grey):
    told = []

    def denoiser(image, sigma):
        told.append(sigma)
        return image

    noisy = gaussian_filter(grey, 2) + 0.03 * np.random.default_rng(0).standard_normal(grey.shape)
    for image, noise in ((noisy, noise_level(noisy)), (np.full((40, 40), 0.5), 0.006)):
        deconvolve(image, denoiser=denoiser)
        assert told[-1] == pytest.approx(2 * noise)


@pytest.mark.parametrize("denoiser", [non_local_means, total_variation])
def test_denoisers_restore_a_natural_image(denoiser, natural_case):
    _, blurred, kernel, error = natural_case
    restored = pydeblur.deconvolve(blurred, kernel, "plug-and-play", denoiser=denoiser, iterations=5)
    assert error(restored) < error(blurred) / 3


def test_epll_is_the_splitting_with_the_denoiser_of_patches(natural_case):
    """On the grids and couplings of EPLL, written here once more, to the last bit."""
    _, blurred, kernel, _ = natural_case
    blurred, mixture = blurred[:40, :48], load_mixture()

    def steps():
        for step in epll.DEBLURRING_STEPS:
            yield DenoisingStep(
                step.coupling,
                lambda image, step=step: expected_image(
                    image, mixture, 0.02**2 / step.coupling, step.spacing, step.offset
                ),
            )

    found = split_and_denoise(blurred, kernel, steps(), room=mixture.side)
    assert np.array_equal(found, epll.deconvolve_epll(blurred, kernel, 0.02))


def test_epll_s_denoiser_is_the_mean_over_all_patches(grey):
    part = grey[:20, :24]
    told = []

    def denoiser(image, sigma):
        told.append((image, sigma, denoise_patches(image, sigma)))
        return told[-1][2]

    deconvolve(part, denoiser=denoiser, noise=0.02, iterations=1)
    ((image, sigma, denoised),) = told
    assert np.array_equal(denoised, expected_image(image, load_mixture(), sigma**2))


def test_channels_are_denoised_one_by_one_or_together(picture):
    shapes = []

    def by_channel(image, sigma):
        shapes.append(image.shape)
        return gaussian_filter(image, 5 * sigma)

    def together(image, sigma):
        shapes.append(image.shape)
        return gaussian_filter(image, (5 * sigma, 5 * sigma, 0))

    words = {"noise": 0.01, "iterations": 2}
    apart = deconvolve(picture, denoiser=by_channel, **words)
    assert [len(shape) for shape in shapes] == [2] * 6
    shapes.clear()
    jointly = deconvolve(picture, denoiser=together, jointly=True, **words)
    assert [shape[2:] for shape in shapes] == [(3,)] * 2
    assert np.allclose(apart, jointly, rtol=0, atol=1e-12)
    grey_too = deconvolve(picture[..., 0], denoiser=by_channel, jointly=True, **words)
    assert np.allclose(grey_too, apart[..., 0], rtol=0, atol=1e-12)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_deblur_takes_a_denoiser(grey):
    words = {"prior": "gradient", "iterations": 1, "nonblind": "plug-and-play"}
    first = pydeblur.deblur(grey, 5, denoiser=total_variation, **words)
    second = pydeblur.deblur(grey, 5, nonblind_options={"denoiser": total_variation}, **words)
    assert first.nonblind == "plug-and-play" and first.nonblind_options == {"denoiser": total_variation}
    assert np.array_equal(first.image, second.image)
    expected = deconvolve_plug_and_play(grey, first.kernel, total_variation)
    assert np.allclose(first.unclipped, expected, rtol=0, atol=1e-12)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_progress_of_deblur_calls_no_denoiser(grey, capsys):
    calls = []

    def denoiser(image, sigma):
        calls.append(sigma)
        return image

    pydeblur.deblur(grey, 5, prior="gradient", iterations=1, nonblind="plug-and-play", denoiser=denoiser, progress=True)
    assert len(calls) == 8


def test_large_images_are_shown_to_the_denoiser_as_a_whole(grey, monkeypatch):
    from pydeblur.nonblind import methods

    small = deconvolve(grey, denoiser=total_variation)
    monkeypatch.setattr(methods, "is_large", lambda shape: True)
    assert np.array_equal(deconvolve(grey, denoiser=total_variation), small)


class Denoiser:
    def __call__(self, image, sigma):
        return image


BAD_DENOISERS = {
    "a class": (Denoiser, r"an instance, not a class: write denoiser=Denoiser\(\.\.\.\)"),
    "no callable": ("nl_means", "a callable"),
    "None": (None, "a callable"),
    "an array": (np.zeros(3), "a callable"),
}


@pytest.mark.parametrize("name", BAD_DENOISERS)
def test_what_is_no_denoiser_is_refused_in_one_sentence(name, grey):
    denoiser, words = BAD_DENOISERS[name]
    with pytest.raises(pydeblur.InvalidOptionError, match=rf"^denoiser should be {words}[^\n]*$"):
        deconvolve(grey, denoiser=denoiser)


BAD_ANSWERS = {
    "None": (lambda image: None, "a real array"),
    "text": (lambda image: "clean", "a real array"),
    "complex": (lambda image: image * 1j, "a real array"),
    "ragged": (lambda image: [[1.0], [1.0, 2.0]], "a real array"),
    "a tuple": (lambda image: (image, 0.1), "a real array|the shape"),
    "another shape": (lambda image: image[1:], "the shape"),
    "a further axis": (lambda image: image[..., None], "the shape"),
    "NaN": (lambda image: np.where(image == image.max(), np.nan, image), "finite"),
    "infinity": (lambda image: image / 0.0, "finite"),
    "8 bits": (lambda image: np.full(image.shape, 128, np.uint8), r"in \[0, 1\]"),
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
@pytest.mark.parametrize("jointly", [False, True])
def test_wrong_answers_are_refused_in_one_sentence(name, jointly, picture):
    answer, words = BAD_ANSWERS[name]

    def denoiser(image, sigma):
        with np.errstate(all="ignore"):
            return answer(image)

    with pytest.raises(pydeblur.InvalidInputError, match=rf"^the denoiser[^\n]*({words})[^\n]*$") as caught:
        deconvolve(picture, denoiser=denoiser, jointly=jointly)
    assert len(str(caught.value)) < 300


def test_the_denoiser_s_own_errors_are_raised_as_they_are(grey):
    def denoiser(image, sigma):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="^mine$"):
        deconvolve(grey, denoiser=denoiser)


@pytest.mark.parametrize(
    "options",
    [
        *({"noise": value} for value in (0, -1, 2, np.nan, "0.1", True)),
        *({"iterations": value} for value in (0, 1001, 2.5, None)),
        *({"jointly": value} for value in (1, "yes", None)),
        {"sigma": 0.1},
    ],
    ids=str,
)
def test_bad_options_are_refused_in_one_sentence(options, grey):
    with pytest.raises(pydeblur.InvalidOptionError, match=r"^[^\n]+$"):
        deconvolve(grey, denoiser=unchanged, **options)


def test_the_denoiser_and_its_step_belong_together(grey):
    for nonblind in (None, "tv", "epll"):
        with pytest.raises(pydeblur.InvalidOptionError, match=r"^denoiser belongs to the final step 'plug-and-play'"):
            pydeblur.deblur(grey, 5, nonblind=nonblind, denoiser=unchanged)
    for call in (
        lambda: pydeblur.deblur(grey, 5, nonblind="plug-and-play"),
        lambda: deconvolve(grey),
        lambda: check_final_step("plug-and-play", {}),
    ):
        with pytest.raises(
            pydeblur.InvalidOptionError, match=r"^the final step 'plug-and-play' needs the option denoiser$"
        ):
            call()


def test_it_is_no_step_of_the_table_for_commands():
    assert "plug-and-play" not in METHODS
    assert final_step_options("plug-and-play", {"denoiser": unchanged}).iterations == 8
    words = {"denoiser": unchanged}
    assert completed(np.full((8, 8), 0.5), "plug-and-play", words) == ("plug-and-play", words)


def test_a_benchmark_refuses_it():
    from pydeblur.evaluation.protocols import Protocol, all_options

    with pytest.raises(
        pydeblur.InvalidOptionError, match=r"^a benchmark can't have the final step plug-and-play[^\n]*$"
    ):
        all_options(Protocol("levin", nonblind="plug-and-play", nonblind_options={"denoiser": unchanged}))
