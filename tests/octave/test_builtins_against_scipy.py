"""matlab_ref's MATLAB built-ins, by their golden outputs, against NumPy, SciPy, brute force and published values."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import scipy.fft
import scipy.interpolate
import scipy.io
import scipy.ndimage
import scipy.signal

BUILTINS = Path(__file__).resolve().parents[1] / "golden" / "builtins"


def cases(name):
    """The cases of one golden file as dicts."""
    flat = scipy.io.loadmat(BUILTINS / f"{name}.mat")
    count = int(flat["n_cases"].item())
    return [
        {key.split("_", 1)[1]: value for key, value in flat.items() if key.startswith(f"c{i}_")}
        for i in range(1, count + 1)
    ]


def by_label(name):
    return pytest.mark.parametrize("case", cases(name), ids=lambda case: "")


def cubic(x):
    x = abs(x)
    if x <= 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x <= 2 else 0.0


def resized_row(row, n_out, scale):
    """Cubic resampling of a vector by a sum over the infinite mirrored signal, one output at a time."""
    stretch = max(1.0, 1.0 / scale)
    out = np.zeros(n_out)
    for i in range(n_out):
        centre = (i + 0.5) / scale - 0.5
        reach = int(np.ceil(2 * stretch)) + 1
        total = 0.0
        for j in range(int(np.floor(centre)) - reach, int(np.floor(centre)) + reach + 2):
            weight = cubic((centre - j) / stretch)
            mirrored = j % (2 * len(row))
            out[i] += weight * row[mirrored if mirrored < len(row) else 2 * len(row) - 1 - mirrored]
            total += weight
        out[i] /= total
    return out


@by_label("imresize")
def test_imresize_is_mirrored_cubic_resampling(case):
    img, scale = np.atleast_3d(case["img"]), case["scale"].ravel()
    if scale.size == 1:
        n_out, scale = np.ceil(scale * img.shape[:2]).astype(int), np.repeat(scale, 2)
    else:
        n_out, scale = scale.astype(int), scale / img.shape[:2]
    rows = np.apply_along_axis(resized_row, 0, img, n_out[0], scale[0])
    expected = np.apply_along_axis(resized_row, 1, rows, n_out[1], scale[1])
    np.testing.assert_allclose(np.atleast_3d(case["out"]), expected, atol=1e-13)


def test_imresize_agrees_with_pillow_away_from_the_border():
    image = pytest.importorskip("PIL.Image")
    case = cases("imresize")[5]
    rows, columns = case["out"].shape
    expected = np.asarray(image.fromarray(case["img"].astype(np.float32)).resize((columns, rows), image.BICUBIC))
    np.testing.assert_allclose(case["out"][4:-4, 3:-3], expected[4:-4, 3:-3], atol=2e-6)


@by_label("psf_otf")
def test_psf2otf_is_the_transform_about_the_centre(case):
    psf, (rows, columns) = case["psf"], case["out_size"].ravel()
    y = np.arange(psf.shape[0]) - psf.shape[0] // 2
    x = np.arange(psf.shape[1]) - psf.shape[1] // 2
    column_phase = np.exp(-2j * np.pi * np.outer(np.arange(rows), y) / rows)
    row_phase = np.exp(-2j * np.pi * np.outer(x, np.arange(columns)) / columns)
    np.testing.assert_allclose(case["otf"], column_phase @ psf @ row_phase, atol=1e-13)
    np.testing.assert_allclose(case["psf_back"], psf, atol=1e-14)


@by_label("psf_otf")
def test_otf2psf_crops_around_the_origin(case):
    (m, n), full = case["psf"].shape, np.fft.ifft2(case["any_otf"])
    y = (np.arange(m) - m // 2) % full.shape[0]
    x = (np.arange(n) - n // 2) % full.shape[1]
    np.testing.assert_allclose(case["any_psf"], full[np.ix_(y, x)], atol=1e-14)


@by_label("dst")
def test_dst(case):
    n = case["x"].shape[0]
    np.testing.assert_allclose(case["dst"], scipy.fft.dst(case["x"], type=1, axis=0) / 2, atol=1e-13)
    np.testing.assert_allclose(case["idst"], scipy.fft.dst(case["x"], type=1, axis=0) / (n + 1), atol=1e-13)


@by_label("histc")
def test_histc(case):
    x, edges = case["x"].ravel(), case["edges"].ravel()
    inside = [np.count_nonzero((x >= low) & (x < high)) for low, high in itertools.pairwise(edges)]
    assert case["counts"].ravel().tolist() == [*inside, np.count_nonzero(x == edges[-1])]


@by_label("graythresh")
def test_graythresh_maximises_the_between_class_variance(case):
    img = case["img"]
    grey = img if img.dtype == np.uint8 else np.floor(255 * np.clip(img, 0, 1) + 0.5)
    grey = grey.astype(np.float64).ravel()
    variance = np.full(256, -1.0)
    for level in range(256):
        dark, bright = grey[grey <= level], grey[grey > level]
        if dark.size and bright.size:
            variance[level] = dark.size * bright.size * (dark.mean() - bright.mean()) ** 2
    best = np.flatnonzero(np.isclose(variance, variance.max(), rtol=1e-12, atol=0))
    expected = best.mean() / 255 if variance.max() > 0 else 0.0
    assert case["level"].item() == pytest.approx(expected, abs=1e-15)


@by_label("bwconncomp")
def test_components_come_in_column_major_order(case):
    labels, count = scipy.ndimage.label(case["bw"].T, structure=np.ones((3, 3)))
    assert case["count"].item() == count
    np.testing.assert_array_equal(case["labels"], labels.T)


def published_motion_filter():
    """fspecial('motion', 5, 45) as MATLAB prints it."""
    half = np.zeros((5, 5))
    half[0, 3:], half[1, 2:], half[2, 1:3] = (0.0501, 0.0304), (0.0519, 0.1771, 0.0501), (0.0519, 0.1771)
    whole = half + half[::-1, ::-1]
    whole[2, 2] = 0.1771
    return whole


def overlap_with_disk(radius, size, samples=400):
    """Area of each pixel's overlap with a disk by counting sub-pixels."""
    fine = (np.arange(size * samples) + 0.5) / samples - size / 2
    inside = fine[:, None] ** 2 + fine[None, :] ** 2 < radius**2
    return inside.reshape(size, samples, size, samples).mean(axis=(1, 3))


@by_label("fspecial")
def test_fspecial(case):
    h, kind = case["h"], case["type"].item()
    assert h.sum() == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(h, h[::-1, ::-1], atol=1e-15)
    if kind == "gaussian":
        rows, columns = np.broadcast_to(case["p1"].ravel(), 2)
        y, x = (np.exp(-((np.arange(n) - (n - 1) / 2) ** 2) / (2 * case["p2"].item() ** 2)) for n in (rows, columns))
        np.testing.assert_allclose(h, np.outer(y / y.sum(), x / x.sum()), atol=1e-16, rtol=1e-12)
    elif kind == "disk":
        radius = case["p1"].item()
        expected = overlap_with_disk(radius, h.shape[0])
        np.testing.assert_allclose(h, expected / expected.sum(), atol=2e-5)
        assert h.shape == (2 * int(np.ceil(radius - 0.5)) + 1,) * 2


def test_motion_filter_has_the_published_values():
    case = next(c for c in cases("fspecial") if c["type"].item() == "motion" and c["p2"].item() == 45)
    expected = published_motion_filter()
    np.testing.assert_allclose(case["h"], expected, atol=5.1e-5)


@by_label("conv2")
def test_conv2(case):
    for mode in ("full", "valid"):
        np.testing.assert_allclose(case[mode], scipy.signal.convolve2d(case["a"], case["b"], mode), atol=1e-14)
    (m, n), (p, q) = case["a"].shape, case["b"].shape
    full = scipy.signal.convolve2d(case["a"], case["b"])
    np.testing.assert_allclose(case["same"], full[p // 2 : p // 2 + m, q // 2 : q // 2 + n], atol=1e-14)


@by_label("interp2")
def test_interp2(case):
    rows, columns = case["img"].shape
    grid = (np.arange(1, rows + 1), np.arange(1, columns + 1))
    interpolate = scipy.interpolate.RegularGridInterpolator(grid, case["img"], bounds_error=False, fill_value=np.nan)
    np.testing.assert_allclose(case["values"], interpolate(np.stack([case["yq"], case["xq"]], axis=-1)), atol=1e-14)


@by_label("colour")
def test_colour(case):
    colour = pytest.importorskip("skimage.color")
    rgb = case["rgb"] / 255 if case["rgb"].dtype == np.uint8 else case["rgb"]
    np.testing.assert_allclose(case["lab"], colour.rgb2lab(np.clip(rgb, 0, 1)), atol=1e-2)
    if "grey" in case:
        scale = 255 if case["grey"].dtype == np.uint8 else 1
        luma = scale * rgb @ (0.2989, 0.5870, 0.1140)
        np.testing.assert_allclose(case["grey"], luma, atol=0.52 if scale == 255 else 2e-4)
