"""Reports about what came with a picture and was gone, or wrong, in the result."""

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps
from skimage import data

from pydeblur.files import read_image, write_image

PHOTO = np.ascontiguousarray(data.astronaut()[100:140, 180:232])
_ORIENTATION = 0x0112


def _processed(source, target):
    """What a command does with a file: read, change nothing, write."""
    image = read_image(source)
    write_image(target, image.pixels, like=image)
    return Image.open(target)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_portrait_is_shown_upright_before_and_after(tmp_path, orientation):
    """YIWANG3/AfterFrame#88, seattlerb/image_science#13: pixels were turned, and the tag that asks for it was kept."""
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    Image.fromarray(PHOTO).save(tmp_path / "in.jpg", exif=exif, quality=95)
    shown_before = np.asarray(ImageOps.exif_transpose(Image.open(tmp_path / "in.jpg"))).astype(int)
    with _processed(tmp_path / "in.jpg", tmp_path / "out.jpg") as result:
        shown_after = np.asarray(ImageOps.exif_transpose(result)).astype(int)
        assert result.getexif().get(_ORIENTATION, 1) == 1
    assert shown_after.shape == shown_before.shape and np.abs(shown_after - shown_before).mean() < 3


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_the_colour_profile_goes_with_the_result(tmp_path, suffix):
    """pbs/its#171 and chaiNNer-org/chaiNNer#2599: without its profile a picture looked grey or washed out."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(PHOTO).save(tmp_path / f"in{suffix}", icc_profile=profile)
    with _processed(tmp_path / f"in{suffix}", tmp_path / f"out{suffix}") as result:
        assert result.info["icc_profile"] == profile


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_the_resolution_goes_with_the_result(tmp_path, suffix):
    """python-pillow/Pillow#6288: text recognition depends on the resolution, which saving dropped."""
    Image.fromarray(PHOTO).save(tmp_path / f"in{suffix}", dpi=(300, 300))
    with _processed(tmp_path / f"in{suffix}", tmp_path / f"out{suffix}") as result:
        assert np.allclose([float(each) for each in result.info["dpi"]], 300, atol=0.1)


def test_the_camera_goes_with_the_result(tmp_path):
    """image-rs/image#1371: what the camera wrote was gone after saving."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Maker", "Model"
    Image.fromarray(PHOTO).save(tmp_path / "in.jpg", exif=exif)
    with _processed(tmp_path / "in.jpg", tmp_path / "out.jpg") as result:
        assert result.getexif()[0x010F] == "Maker" and result.getexif()[0x0110] == "Model"
