"""The page as a file: whole, self-contained, strict, small, and of every kind of picture and result."""

import base64
import hashlib
import io
import os
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from scipy.signal import convolve2d

import pydeblur
from pydeblur.errors import FileFormatError, InvalidInputError
from pydeblur.files import ImageFile
from pydeblur.report.page import report_page

HEADINGS = (
    "Before and after",
    "Kernel",
    "Over the scales",
    "Candidates",
    "Iterations",
    "Options",
    "Timings and versions",
)


def pictures_of(page):
    """The two whole pictures of a page, as arrays."""
    addresses = [each["href"] for each in page.of("image")][:2]
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1])))) for address in addresses]


def night():
    """A dark picture with streaks of light, all of one shape."""
    lights = np.zeros((60, 60))
    lights[[12, 15, 40, 44], [14, 42, 12, 45]] = 4.0
    streak = np.zeros((7, 7))
    streak[[1, 2, 3, 4, 4], [1, 2, 3, 4, 5]] = 0.2
    return np.clip(0.02 + convolve2d(lights, streak, mode="same"), 0, 1)


def test_it_has_every_section(read_page, html):
    page = read_page(html)
    assert [each["aria-labelledby"] for each in page.of("section")] == [each["id"] for each in page.of("h2")]
    assert all(heading in page.text for heading in HEADINGS)


def test_it_loads_nothing(read_page, html):
    page = read_page(html)
    for tag, attributes in page.elements:
        for name in ("href", "src", "srcset", "action", "data", "poster", "background"):
            assert attributes.get(name, "#").startswith(("#", "data:")), (tag, name)
    contents = re.sub(r"data:image/[a-z]+;base64,[A-Za-z0-9+/=]+", "", html)
    assert not re.search(r"https?:|//[a-z]+\.|@import|url\((?!#)", contents)


def test_its_policy_allows_its_own_style_and_script_alone(read_page, html):
    (policy,) = [each["content"] for each in read_page(html).of("meta") if "http-equiv" in each]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["img-src"] == "data:"
    for tag in ("style", "script"):
        (contents,) = re.findall(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(contents.encode()).digest()).decode()
        assert directives[f"{tag}-src"] == f"'sha256-{digest}'"
    assert not any("style" in attributes for _, attributes in read_page(html).elements)
    assert not any(name.startswith("on") for _, attributes in read_page(html).elements for name in attributes)


def test_every_picture_control_and_id_has_a_name_of_its_own(read_page, html):
    page = read_page(html)
    identifiers = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    assert all(each["alt"] for each in page.of("img"))
    labelled = {each.get("for") for each in page.of("label")}
    assert all(each["type"] == "checkbox" or each["id"] in labelled for each in page.of("input"))
    for _, attributes in page.elements:
        for name in ("aria-labelledby", "aria-describedby", "for"):
            assert attributes.get(name, identifiers[0]) in identifiers


def test_the_pictures_are_those_of_the_result(read_page, blurred, result, html):
    before, after = pictures_of(read_page(html))
    np.testing.assert_array_equal(before, blurred)
    np.testing.assert_array_equal(after, np.rint(255 * np.clip(result.unclipped, 0, 1)))


def test_both_pictures_of_a_wide_range_stand_for_the_same_light(read_page, colour_result):
    before, after = pictures_of(read_page(report_page(colour_result)))
    np.testing.assert_array_equal(before, np.rint(colour_result.blurred / 4095 * 255))
    np.testing.assert_array_equal(after, np.rint(255 * np.clip(colour_result.unclipped * 65535 / 4095, 0, 1)))


@pytest.mark.parametrize("low, high", [(0.0, 1.0), (-3.0, 5.0), (0.0, 255.0), (10.0, 20.0)])
def test_floating_ranges_go_from_black_to_white(read_page, blurred, low, high):
    picture = low + (high - low) * blurred / 255
    found = pydeblur.deblur(picture, 5, prior="gradient", nonblind="tv", iterations=1, value_range=(low, high))
    before, after = pictures_of(read_page(report_page(found)))
    np.testing.assert_array_equal(before, blurred)
    np.testing.assert_allclose(after, 255 * np.clip((found.unclipped - low) / (high - low), 0, 1), atol=0.51)


def test_opacity_is_shown(read_page, blurred, result):
    alpha = np.linspace(0, 1, blurred.size).reshape(blurred.shape)
    page = read_page(report_page(result, source=ImageFile(blurred / 255, alpha)))
    for picture in pictures_of(page):
        np.testing.assert_array_equal(picture[..., 3], np.rint(255 * alpha))
    assert page.of("svg")[0]["class"] == "chequered"


@pytest.mark.parametrize("method", ["normalized_sparsity", "marginal", "cho_lee", "xu_jia", "light_streaks", "pmp"])
def test_every_method_has_a_page(read_page, blurred, method):
    picture = night() if method == "light_streaks" else blurred[:40, :44]
    found = pydeblur.deblur(picture, 7, method=method, nonblind="tv")
    page = read_page(report_page(found))
    assert f"prior: name {found.prior['name']}" in page.text
    assert [each["alt"] for each in page.of("img")][-1].startswith("Kernel at scale")


def test_candidates_are_listed_with_their_scores(read_page, blurred):
    found = pydeblur.deblur(blurred[:40, :48], 5, preset="best", nonblind="tv")
    page = read_page(report_page(found))
    number = [each.chosen for each in found.candidates].index(True) + 1
    assert f"from candidate {number} of {len(found.candidates)}" in page.text
    assert f"{number}, chosen" in page.text
    for candidate in found.candidates:
        assert f"{abs(candidate.score):.3f}" in page.text


def test_a_stopped_run_says_so(read_page, blurred):
    def stop(state):
        if state.record.scale == 1:
            raise StopIteration

    found = pydeblur.deblur(blurred, 9, prior="gradient", nonblind="tv", callback=stop)
    page = read_page(report_page(found, warnings=["The metadata <were> left out."]))
    assert "The estimation was stopped before its end" in page.text
    assert "The metadata <were> left out." in page.text


def test_a_camera_that_turned_has_its_local_kernels_at_their_places(read_page, blurred):
    found = pydeblur.deblur(blurred, 5, nonuniform=True, prior="gradient", nonblind="tv", iterations=1)
    page = read_page(report_page(found))
    placed = [each for each in page.of("g") if "data-placed" in each]
    assert len(placed) == 4 * 5
    x, y = map(float, re.findall(r"[\d.]+", placed[0]["transform"]))
    side = float(placed[0]["data-width"])
    assert (x + side / 2, y + side / 2) == (blurred.shape[1] / 10 - 0.5, blurred.shape[0] / 8 - 0.5)
    assert "another one elsewhere" in page.text


def test_a_kernel_at_its_border_is_warned_of(read_page, result):
    edge, inside = np.zeros((2, 9, 9))
    edge[4, :], inside[4, 2:7] = 1 / 9, 1 / 5
    assert (
        "44% of the kernel's mass lies in its two outermost"
        in read_page(report_page(replace(result, kernel=edge))).text
    )
    assert "Warnings" not in read_page(report_page(replace(result, kernel=inside))).text


def test_a_large_picture_stays_small(read_page, result):
    # No picture needs more bytes than noise.
    part = np.random.default_rng(0).integers(0, 256, (1500, 2000, 3), np.uint8)
    picture = np.tile(part, (2, 2, 1))
    page = report_page(replace(result, blurred=picture, unclipped=picture / np.float32(255)))
    assert len(page.encode()) < 3_000_000
    assert re.search(r"shows the picture in \d+ × \d+ of its 4000 × 3000 pixels", read_page(page).text)


def test_options_timings_and_versions_are_named(read_page, html):
    text = read_page(html).text
    for part in ("lambda_grad 0.004", f"pydeblur {pydeblur.__version__}", f"numpy {np.__version__}", "final step"):
        assert part in text


@pytest.mark.parametrize("confidence, doubts", [(0.87, 0), (0.1, 1)])
def test_the_confidence_in_the_kernel_is_told(read_page, result, confidence, doubts):
    text = read_page(report_page(replace(result, confidence=confidence))).text
    assert f"is {confidence:.0%}." in text
    assert text.count("probably not found") == doubts


@pytest.mark.parametrize("name", ["</title><script>alert(1)</script>", "a\udcff.png", '"quoted" & more', "$title"])
def test_names_are_text(read_page, result, tmp_path, name):
    result.report(tmp_path / "r.html", name=name)
    page = read_page((tmp_path / "r.html").read_text(encoding="utf-8"))
    assert len(page.of("script")) == 1
    assert f"{name}, deblurred".replace("\udcff", "\\udcff") in page.text


def test_it_is_written_whole_or_not_at_all(result, tmp_path, monkeypatch):
    path = tmp_path / "r.html"
    path.write_text("earlier")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(FileFormatError, match="No space left"):
        result.report(path)
    assert path.read_text() == "earlier"
    assert os.listdir(tmp_path) == ["r.html"]


@pytest.mark.parametrize("name", ["r.jpg", "r", "r.html.png", "missing/r.html"])
def test_other_names_and_missing_folders_are_refused(result, tmp_path, name):
    with pytest.raises(FileFormatError):
        result.report(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_result_without_its_picture_is_refused(result, tmp_path):
    with pytest.raises(InvalidInputError, match="blurred is None"):
        replace(result, blurred=None).report(tmp_path / "r.html")
    assert not list(tmp_path.iterdir())
