"""The Python code of the how-to pages is run, page by page and in order, on small pictures and with one iteration."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import uniform_filter1d

import pydeblur
from pydeblur.backend.fft import use_fft
from pydeblur.files import write_image

sys.path.insert(0, str(Path(__file__).parent))
from test_pages import DOCS, blocks

sys.path.pop(0)

#: Pages whose code is run elsewhere, and where.
RUN_ELSEWHERE = {
    "batch": "needs processes or a cluster; tests/parallel",
    "matlab_users": "tests/matlab_dropin/test_page.py",
}
#: What a page defines and does not call, as a user would call it.
CALLS = {
    "arrays": ["deblur_batch(torch.rand(2, 3, 40, 44), 5).shape == (2, 3, 40, 44)"],
    "final_steps": [
        "deblur_photo(small).image.shape == small.shape",
        "deblur_with_kernel(small, np.full((1, 5), 0.2)).shape == small.shape",
    ],
    "own_network": [
        "0 <= blurred_probability(small) <= 1",
        "deblur_with(small, 'classifier-compact').image.shape == small.shape",
    ],
    "own_prior": [
        "deblur_drawing(small).image.shape == small.shape",
        "pydeblur.deblur(small, 5, prior=NotWhite()).prior['name'] == 'not white'",
    ],
    "reproducing": ["callable(mean_error_ratio)"],
    "training": ["callable(train_for_an_hour)"],
}
#: The pages' pictures have megapixels and wide kernels: what is asked of the small ones in their place.
SMALLER = [(r"\b31\b", "7"), (r"\b21\b", "7"), (r"workers=\d+", "workers=1"), (r"\(200, 300\), 15", "(60, 70), 5")]
PAGES = [
    page
    for page in sorted([*(DOCS / "how_to").glob("*.md"), DOCS / "getting_started.md"])
    if page.stem not in RUN_ELSEWHERE and "python" in dict(blocks(page.read_text(encoding="utf-8")))
]


def python_of(page):
    """The page's code in one piece, made smaller."""
    found = "\n".join(code for language, code in blocks(page.read_text(encoding="utf-8")) if language == "python")
    for pattern, replacement in SMALLER:
        found = re.sub(pattern, replacement, found)
    return found


@pytest.fixture
def picture(sharp_image, tmp_path, monkeypatch):
    """A small blurred picture in a folder of its own, which every call of the package makes one iteration on."""
    small = np.clip(uniform_filter1d(sharp_image[:80, :84], 5, axis=1), 0, 1)
    monkeypatch.chdir(tmp_path)
    write_image("photo.jpg", np.stack([small, small**1.2, small**0.9], axis=-1))
    for name in ("deblur", "estimate_kernel"):
        monkeypatch.setattr(pydeblur, name, with_one_iteration(getattr(pydeblur, name)), raising=False)
    return small[:48, :52]


def with_one_iteration(function):
    return lambda *arguments, **words: function(*arguments, **{"iterations": 1, **words})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
@pytest.mark.filterwarnings("ignore")  # a small picture after one iteration gives some
def test_the_python_code_of_a_page_runs(page, picture):
    for needed in ("torch", "skimage"):
        if f"import {needed}" in python_of(page) or f"from {needed}" in python_of(page):
            pytest.importorskip(needed)
    names = {"__name__": "page", "np": np, "pydeblur": pydeblur, "small": picture}
    try:
        exec(compile(python_of(page), str(page), "exec"), names)
        for call in CALLS.get(page.stem, []):
            assert eval(call, names), call
    finally:
        use_fft("auto")


def test_labelled_arrays_go_the_way_of_the_page(picture):
    xarray = pytest.importorskip("xarray")
    code = [code for _, code in blocks((DOCS / "how_to/arrays.md").read_text(encoding="utf-8")) if "labelled" in code]
    names = {}
    exec(code[0], names)
    photo = xarray.DataArray(picture, dims=("y", "x"), attrs={"camera": "box"})
    sharp = names["deblur_labelled"](photo.transpose("x", "y"), 5)
    assert sharp.dims == ("y", "x") and sharp.shape == picture.shape and sharp.attrs == photo.attrs


def test_most_pages_with_python_are_run_here():
    assert {page.stem for page in PAGES} >= {"arrays", "kernel_size", "own_prior", "report", "getting_started"}
    assert all(page in {each.stem for each in PAGES} for page in CALLS)
