"""Reports about numbers: depth, range, sign, NaN, masks, brightness."""

import numpy as np
import pytest
import tifffile

import pydeblur
from pydeblur.files import read_image, write_image
from tests.public_reports.scenes import KERNEL, blurred_picture, rms, sharp_picture


def test_16_bit_input_gives_no_empty_image():
    """imagej/imagej-ops#585: Richardson and Lucy's method returned zeros for integers of 16 bits."""
    blurred = blurred_picture()
    result = pydeblur.deconvolve(np.rint(blurred * 65535).astype(np.uint16), KERNEL, "whyte")
    assert rms(result - sharp_picture()) < 0.9 * rms(blurred - sharp_picture())


def test_8_bit_input_gives_the_same_as_its_fractions():
    """rosalindfranklininstitute/RedLionfish#6: results lay in [0, 255], whatever was given."""
    numbers = np.rint(blurred_picture() * 255).astype(np.uint8)
    whole, fractions = (pydeblur.deconvolve(image, KERNEL) for image in (numbers, numbers / 255.0))
    assert np.allclose(whole, fractions, atol=1e-9) and 0.8 < whole.max() < 1.5


def test_data_of_12_bits_in_16_are_not_taken_for_a_dark_picture(tmp_path, pydeblur_command):
    """DY112/LSMI-dataset#25 and yuanming-hu/fc4#24: sensor data below the full 16 bits came out nearly black."""
    blurred = blurred_picture()
    for name, white in (("full", 65535), ("twelve", 4095)):
        tifffile.imwrite(tmp_path / f"{name}.tif", np.rint(blurred * white).astype(np.uint16))
    np.save(tmp_path / "kernel.npy", KERNEL)
    results = {}
    for name, white in (("full", 65535), ("twelve", 4095)):
        out = tmp_path / f"{name}_out.tif"
        assert pydeblur_command("deconv", tmp_path / f"{name}.tif", tmp_path / "kernel.npy", "-o", out).code == 0
        results[name] = tifffile.imread(out) / white
    # Values above white have no room in the full file, so that they are compared where both have.
    both = np.clip(results["twelve"], 0, 1)
    assert rms(both - results["full"]) < 2e-3


def test_floating_values_above_1_keep_their_scale(tmp_path, pydeblur_command):
    """labsyspharm/minerva-author#28 and scikit-image/scikit-image#1929: floats beyond [0, 1] were cut off or refused."""
    tifffile.imwrite(tmp_path / "in.tif", (4 * blurred_picture()).astype("f4"))
    np.save(tmp_path / "kernel.npy", KERNEL)
    out = tmp_path / "out.tif"
    assert pydeblur_command("deconv", tmp_path / "in.tif", tmp_path / "kernel.npy", "-o", out).code == 0
    assert rms(tifffile.imread(out) / 4 - sharp_picture()) < 0.6 * rms(blurred_picture() - sharp_picture())


def test_values_outside_the_range_are_clipped_not_wrapped(tmp_path):
    """scikit-image/scikit-image#1939: results a little above 1 could not be saved as bytes."""
    write_image(tmp_path / "out.png", np.array([[-0.01, 0.5, 1.01]]))
    assert (read_image(tmp_path / "out.png").pixels * 255).round().tolist() == [[0, 128, 255]]


def test_integers_of_32_bits_are_no_nan():
    """scikit-image/scikit-image#1739: images of uint32 became NaN."""
    blurred = blurred_picture()
    result = pydeblur.deconvolve(np.rint(blurred * 255).astype(np.uint32), KERNEL)
    assert np.isfinite(result).all()
    assert rms(result / 255 - sharp_picture()) < 0.6 * rms(blurred - sharp_picture())


def test_other_byte_orders_are_the_same_picture():
    """python-pillow/Pillow#385: data of the other byte order were taken for other numbers."""
    numbers = np.rint(blurred_picture() * 65535).astype(np.uint16)
    results = [pydeblur.deconvolve(numbers.astype(dtype), KERNEL) for dtype in ("<u2", ">u2")]
    assert np.array_equal(*results)


def test_signed_integers_keep_their_sign():
    """scikit-image/scikit-image#324: it was unclear what becomes of negative integers; MATLAB's im2double maps −2¹⁵ to 0."""
    blurred = blurred_picture()
    result = pydeblur.deconvolve(np.rint(blurred * 65535 - 32768).astype(np.int16), KERNEL)
    assert rms(result - sharp_picture()) < 0.6 * rms(blurred - sharp_picture())


def test_masked_elements_are_refused():
    """scipy/scipy#3058 and obspy/obspy#1363: filters took what lies below a mask for data."""
    image = np.ma.masked_less(blurred_picture(), 0.2)
    assert image.mask.any()
    with pytest.raises(pydeblur.InvalidInputError, match="mask"):
        pydeblur.deconvolve(image, KERNEL)


def test_black_regions_give_no_nan():
    """scikit-image/scikit-image#4378: long runs of zeros made Richardson and Lucy's method divide by zero."""
    image = blurred_picture()
    image[20:50, 30:70] = 0
    assert np.isfinite(pydeblur.deconvolve(image, KERNEL, "whyte")).all()


def test_one_nan_is_named_and_does_not_spread():
    """DmitryUlyanov/deep-image-prior#32: some NaN pixels made the whole result NaN."""
    image = blurred_picture()
    image[3, 4] = np.nan
    with pytest.raises(pydeblur.InvalidInputError, match="NaN"):
        pydeblur.deconvolve(image, KERNEL)


def test_brightness_stays_with_a_kernel_that_was_not_normalised():
    """hammerlab/flowdec#36: may a kernel's numbers have any scale? DanuserLab/u-shape3D#7: results were too bright."""
    blurred = blurred_picture()
    results = [pydeblur.deconvolve(blurred, KERNEL * scale) for scale in (1, 1000)]
    assert np.allclose(*results, atol=1e-9)
    assert abs(results[0].mean() / blurred.mean() - 1) < 0.01
