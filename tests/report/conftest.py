"""A small blurred picture with its result, the elements of a page, and a real browser to open it in."""

from html.parser import HTMLParser

import numpy as np
import pytest
from scipy.signal import convolve2d

import pydeblur
from pydeblur.report.page import report_page

#: A bent stroke.
KERNEL = np.zeros((7, 7))
KERNEL[[1, 2, 3, 3, 4, 5], [1, 2, 3, 4, 5, 5]] = [0.1, 0.2, 0.25, 0.2, 0.15, 0.1]
#: Debian's and others' names of the browser.


class Page(HTMLParser):
    """The elements of a page, as (tag, attributes), and the text of those that hold text."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.texts = [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.texts.append(data)

    def of(self, tag):
        """The attributes of all elements of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self):
        """All text."""
        return " ".join(" ".join(self.texts).split())


@pytest.fixture(name="read_page", scope="session")
def read_page_fixture():
    return Page


@pytest.fixture(scope="session")
def blurred(sharp_image):
    """A grey picture (58, 70) in uint8."""
    return np.rint(255 * convolve2d(sharp_image[:64, :76], KERNEL, mode="valid")).astype(np.uint8)


@pytest.fixture(scope="session")
def result(blurred):
    """Of one run."""
    return pydeblur.deblur(blurred, 9, prior="gradient", nonblind="tv")


@pytest.fixture(scope="session")
def colour_result():
    """Of a colour picture (90, 120, 3) of 12 bits in uint16, with a region."""
    from skimage import data

    sharp = data.astronaut()[:96:, 160:286] / 255.0
    colours = [convolve2d(sharp[..., channel], KERNEL, mode="valid") for channel in range(3)]
    codes = np.rint(4095 * np.stack(colours, axis=-1)).astype(np.uint16)
    return pydeblur.deblur(codes, 9, prior="gradient", nonblind="tv", crop=(10, 20, 70, 80))


@pytest.fixture(scope="session")
def html(result):
    return report_page(result, name="camera.png")
