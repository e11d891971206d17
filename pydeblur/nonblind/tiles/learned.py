"""The final step "learned" on a large picture: :func:`pydeblur.nonblind.learned.deconvolve_learned` in tiles.

The planes that the network is shown are those of the whole picture (:mod:`pydeblur.nonblind.restoration_inputs`): they are
computed in passes and wait as spectra. Then the network sees tiles of them, with as much around each as counts for it. A colour
picture's differences from the luminance are those of the whole picture, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from pydeblur.nonblind.hyper_laplacian import penalties, weight_for_noise
from pydeblur.nonblind.hyper_laplacian import shrunk_divergence as shrunk_by_hyper_laplacian
from pydeblur.nonblind.learned import is_flat
from pydeblur.nonblind.luminance import (
    DIFFERENCE_NOISE,
    L2_WEIGHT,
    LEAST_NOISE,
    LUMINANCE_NOISE,
    ROUNDS,
    TV_WEIGHT,
    red_green_blue,
)
from pydeblur.nonblind.restoration_inputs import (
    EXPONENT,
    INPUTS,
    L2_WEIGHTS,
    TV_THRESHOLDS,
    TV_WEIGHTS,
    weight_growth,
)
from pydeblur.nonblind.tiles.padded_blur import TiledPaddedBlur
from pydeblur.nonblind.tiles.passes import Passes, for_each
from pydeblur.nonblind.tiles.rows import ArrayRows, Rows, SpectrumRows
from pydeblur.nonblind.tiles.spectrum_file import SpectrumFile, row_strips
from pydeblur.nonblind.tv import make_quotient
from pydeblur.nonblind.tv import shrunk_divergence as shrunk_by_total_variation
from pydeblur.preprocess.grey import grey_image
from pydeblur.preprocess.noise_of_large import noise_of_picture

if TYPE_CHECKING:  # it needs ONNX Runtime, whose import takes a while
    from pydeblur.nonblind.restoration_session import RestorationSession

#: Rows of a strip of tiles, of which all planes are in memory.
ROWS = 192
#: Columns of a tile.
COLUMNS = 768


class TiledInputs:
    """The planes of :func:`~pydeblur.nonblind.restoration_inputs.restoration_inputs`, some rows at a time.

    Parameters
    ----------
    picture : ArrayRows
        Blurred grey picture (H, W) in float32.
    kernel : (n, m) ndarray
        Odd sizes, sum 1.
    noise : float
        >= 0.
    workers : int
        Threads.

    Examples
    --------
    >>> from pydeblur.nonblind.restoration_inputs import restoration_inputs
    >>> picture = np.random.default_rng(0).random((20, 24)).astype(np.float32)
    >>> kernel = np.full((3, 3), 1 / 9)
    >>> tiled = TiledInputs(ArrayRows(picture), kernel, 0.01).read(4, 12)
    >>> bool(np.allclose(tiled, restoration_inputs(picture, kernel, 0.01)[:, 4:12], atol=1e-4))
    True
    """

    def __init__(self, picture: ArrayRows, kernel: np.ndarray, noise: float, workers: int = 1):
        self._picture, self._kernel, self._noise = picture, kernel, noise
        base, reblurred, numerator = self._base(workers)
        growth = weight_growth(noise)
        planes: dict[str, Rows] = {"hyper-laplacian": base}
        for name, weight in zip(("l2-weak", "l2-medium", "l2-strong"), L2_WEIGHTS):
            planes[name] = self._squared_gradients(numerator, growth * weight)
        latent = base
        for name, weight in zip(("tv-weak", "tv-medium", "tv-strong"), TV_WEIGHTS):
            planes[name] = latent = _approach_total_variation(
                self._passes, kernel, latent, numerator, growth * weight, self._passes.new_spectra(1, waits=True)[0]
            )
        self._planes, self._reblurred = planes, reblurred

    def read(self, first: int, last: int) -> np.ndarray:
        """Return the rows (C, last - first, W) of all planes in float32."""
        width = self._picture.shape[1]
        rows = np.empty((len(INPUTS), last - first, width), np.float32)
        blurred = self._picture.read(first, last)
        rows[INPUTS.index("noise")] = self._noise
        rows[INPUTS.index("blurred")] = blurred
        rows[INPUTS.index("residual")] = blurred - self._reblurred.read(first, last)[:, :width]
        for name, plane in self._planes.items():
            rows[INPUTS.index(name)] = plane.read(first, last)[:, :width]
        return rows

    def _base(self, workers: int) -> tuple[Rows, Rows, SpectrumFile]:
        """The base, the base blurred, and conj(F(k)) F(B) of the blurred picture that the base has completed."""
        # Single precision would decide by its rounding whether some gradients are kept.
        double = ArrayRows(self._picture.plane, np.float64)
        problem = TiledPaddedBlur(double, self._kernel, workers, saves_memory=True)
        self._solve(problem)
        self._passes = passes = Passes(problem.passes.shape, np.float32, workers)
        # The tiles, which read the first two, come when the network's memory is taken.
        base, reblurred = passes.new_spectra(2, waits=True)
        (numerator,) = passes.new_spectra(1)

        def single(strips, first):
            completed = problem.completed([strips[1].copy()], first)
            return [strip.astype(np.float32) for strip in (*strips, *completed)]

        passes.over_rows([problem.image, problem.reblurred], [base, reblurred, numerator], single)
        _correlate(passes, self._kernel, numerator)
        return SpectrumRows(base, passes.shape[1]), SpectrumRows(reblurred, passes.shape[1]), numerator

    def _solve(self, problem: TiledPaddedBlur) -> None:
        passes = problem.passes
        (prior,) = passes.new_spectra(1)
        whole_weight = weight_for_noise(self._noise)
        for beta in penalties():
            weight = whole_weight * beta / 2

            def changed(strips, first, beta=beta, weight=weight):
                return [weight * shrunk_by_hyper_laplacian(strips[0], beta, EXPONENT)[1:-1]]

            passes.over_rows([problem.image], [prior], changed, reach=1)
            passes.over_columns([prior], [prior], lambda columns, block: columns, inverse=False)
            problem.solve(prior, lambda block, weight=weight: weight * passes.gradient_power(block))

    def _squared_gradients(self, numerator: SpectrumFile, weight: float) -> Rows:
        passes = self._passes
        (spectrum,) = passes.new_spectra(1, waits=True)

        def quotient(columns, block):
            otf = passes.transfer_function(self._kernel, block)
            below = otf.real**2 + otf.imag**2 + passes.dtype.type(weight) * passes.gradient_power(block)
            return [numerator.read_columns(block) / below]

        passes.over_columns([], [spectrum], quotient)
        return SpectrumRows(spectrum, passes.shape[1])


def _correlate(passes: Passes, kernel: np.ndarray, spectrum: SpectrumFile) -> None:
    """Turn a picture that is transformed along its rows into conj(F(k)) times its spectrum."""
    passes.over_columns(
        [spectrum],
        [spectrum],
        lambda columns, block: [columns[0] * passes.transfer_function(kernel, block).conj()],
        inverse=False,
    )


def _approach_total_variation(
    passes: Passes, kernel: np.ndarray, latent: Rows, numerator: SpectrumFile, weight: float, spectrum: SpectrumFile
) -> Rows:
    """:func:`pydeblur.nonblind.restoration_inputs.approach_total_variation` in tiles.

    The result is in the file `spectrum`, which may be that of `latent`.
    """
    for threshold in TV_THRESHOLDS:

        def changed(strips, first, threshold=threshold):
            return [shrunk_by_total_variation(strips[0], threshold)[1:-1]]

        def quotient(columns, block, gamma=weight / (2 * threshold)):
            otf = passes.transfer_function(kernel, block)
            power = otf.real**2 + otf.imag**2
            make_quotient(columns[0], numerator.read_columns(block), power, passes.gradient_power(block), gamma)
            return columns

        passes.over_rows([latent], [spectrum], changed, reach=1)
        passes.over_columns([spectrum], [spectrum], quotient)
        latent = SpectrumRows(spectrum, passes.shape[1])
    return latent


def restore_picture(
    image: np.ndarray,
    kernel: np.ndarray,
    out: np.ndarray,
    session: RestorationSession,
    noise: float | None = None,
    workers: int = 1,
) -> None:
    """Restore a grey or colour picture.

    Parameters
    ----------
    image : (H, W, 1) or (H, W, 3) ndarray
        Blurred picture in [0, 1].
    kernel : (n, m) ndarray
        Odd sizes, sum 1.
    out : ndarray
        For the result, of the shape of `image`; it may be `image` itself.
    session : RestorationSession
    noise : float, optional
        Standard deviation of each channel's noise; by default what is found.
    workers : int
        Threads.

    Examples
    --------
    >>> restore_picture(image, kernel, image, RestorationSession("restoration"))  # doctest: +SKIP
    """
    luminance = _luminance(image)
    if image.shape[2] == 1:
        _restore_plane(luminance, kernel, noise, session, workers, lambda rows, strip: _put(out, rows, strip))
        return
    # Each channel of the image is read for the last time before the result takes its place.
    for channel, share in zip((0, 2), DIFFERENCE_NOISE):
        sigma = None if noise is None else share * noise
        _take_difference(image[..., channel], luminance, out[..., channel])
        _restore_difference(out[..., channel], kernel, sigma, workers)

    def write(rows, strip):
        out[rows] = red_green_blue(strip, out[rows, :, 0], out[rows, :, 2])

    sigma = None if noise is None else LUMINANCE_NOISE * noise
    _restore_plane(luminance, kernel, sigma, session, workers, write)


def _luminance(image: np.ndarray) -> np.ndarray:
    """In float32; the sum is made strip by strip, in the image's own precision."""
    plane = np.empty(image.shape[:2], np.float32)
    for rows in row_strips(plane.shape, image.dtype.itemsize * image.shape[2]):
        plane[rows] = image[rows, :, 0] if image.shape[2] == 1 else grey_image(image[rows])
    return plane


def _put(out, rows, strip):
    out[rows, :, 0] = strip


def _take_difference(channel, luminance, out) -> None:
    """`out` may be the channel; there are no temporary arrays of its size."""
    for rows in row_strips(channel.shape, channel.dtype.itemsize):
        out[rows] = channel[rows] - luminance[rows]


def _restore_difference(plane, kernel, noise, workers) -> None:
    """The plane is changed in place."""
    if is_flat(plane):
        return
    sigma = noise_of_picture(plane) if noise is None else noise
    latent = _difference(ArrayRows(plane, np.float32), kernel, weight_growth(max(sigma, LEAST_NOISE)), workers)

    def write(strip):
        plane[strip] = latent.read(strip.start, strip.stop)[:, : plane.shape[1]]

    for_each(write, row_strips(plane.shape, latent.dtype.itemsize), workers)


def _difference(picture: Rows, kernel: np.ndarray, growth: float, workers: int) -> Rows:
    """:func:`pydeblur.nonblind.luminance.deconvolve_difference` in tiles."""
    problem = TiledPaddedBlur(picture, kernel, workers)
    passes = problem.passes
    weight = np.float32(growth * L2_WEIGHT)
    for _ in range(ROUNDS):
        problem.solve(None, lambda block: weight * passes.gradient_power(block))
    image, numerator = problem.given_up()
    passes.over_rows([problem.reblurred], [numerator], problem.completed)
    _correlate(passes, kernel, numerator)
    return _approach_total_variation(passes, kernel, problem.image, numerator, growth * TV_WEIGHT, image)


def _restore_plane(plane, kernel, noise, session, workers, write) -> None:
    if is_flat(plane):
        for rows in row_strips(plane.shape, plane.dtype.itemsize):
            write(rows, plane[rows])
        return
    sigma = noise_of_picture(plane) if noise is None else noise
    restore_in_tiles(TiledInputs(ArrayRows(plane), kernel, sigma, workers), plane.shape, session, write)


def restore_in_tiles(
    inputs: TiledInputs,
    shape: tuple[int, int],
    session: RestorationSession,
    write: Callable[[slice, np.ndarray], None],
) -> None:
    """Restore a picture tile by tile.

    Parameters
    ----------
    inputs : TiledInputs
    shape : (int, int)
        H and W.
    session : RestorationSession
    write : callable
        It takes the slice of some rows, and the rows (n, W) in float32.

    Examples
    --------
    >>> restore_in_tiles(inputs, (4000, 6000), session, write)  # doctest: +SKIP
    """
    for down in session.spans(shape[0], ROWS):
        planes = inputs.read(down.seen.start, down.seen.stop)
        strip = np.empty((down.own.stop - down.own.start, shape[1]), np.float32)
        for across in session.spans(shape[1], COLUMNS):
            restored = session.restored_at_once(planes[:, :, across.seen])
            strip[:, across.own] = restored[down.inner, across.inner]
        write(down.own, strip)
