"""What can be chosen: the page offers exactly what the server takes, and it means what the words say."""

import re
from html.parser import HTMLParser

import pytest

from pydeblur.errors import InvalidInputError
from pydeblur.options import option_infos
from pydeblur.preprocess.region import Region
from pydeblur.serve.choices import Choices, choices_from
from pydeblur.serve.page_files import page_file


class Form(HTMLParser):
    """The values of every select of the page, and the one that is chosen at first."""

    def __init__(self):
        super().__init__()
        self.values, self.first, self._name = {}, {}, None
        self.feed(page_file("page.html"))

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag == "select":
            self._name = found["name"]
            self.values[self._name] = []
        elif tag == "option":
            self.values[self._name].append(found["value"])
            if "selected" in found:
                self.first[self._name] = found["value"]


def test_the_page_offers_what_the_server_takes():
    infos = option_infos(Choices)
    expected = {name: set(info.kind.choices) for name, info in infos.items() if info.kind.choices}
    form = Form()
    assert {name: set(values) for name, values in form.values.items()} == expected
    assert form.first == {name: getattr(Choices(), name) for name in expected}


def test_every_text_of_the_page_stands_for_one_element():
    script, html = page_file("page.js"), page_file("page.html")
    for name in set(re.findall(r'find\("([a-z-]+)"\)', script)):
        assert html.count(f'id="{name}"') == 1, name


@pytest.mark.parametrize("name", [name for name, info in option_infos(Choices).items() if info.kind.choices])
def test_every_choice_is_one_of_the_python_face(name):
    import pydeblur

    for value in option_infos(Choices)[name].kind.choices:
        arguments = Choices(**{name: value}).arguments()
        size = arguments.pop("kernel_size")
        # A picture that is far too small is refused after all arguments were checked.
        with pytest.raises(InvalidInputError, match=r"pixels|small|larger"):
            pydeblur.deblur([[0.0, 0.5], [0.5, 1.0]], size, **arguments)


def test_the_region_is_left_top_width_height():
    assert Choices(region=[1, 2, 30, 40]).arguments()["crop"] == Region(top=2, left=1, height=40, width=30)


def test_white_paper_is_no_light():
    assert Choices(text=True).arguments()["saturated"] is False
    with pytest.raises(InvalidInputError, match="text"):
        Choices(text=True, lights="clipped")


@pytest.mark.parametrize(
    "fields",
    [
        *([], None, 3, "size", [["size", "small"]]),
        *({"size": "huge"}, {"size": None}, {"size": ["small"]}, {"path": "/etc/passwd"}, {"own_size": 30}),
        *(
            {"own_size": 10**9},
            {"own_size": "21"},
            {"own_size": True},
            {"text": "yes"},
            {"text": 1},
            {"method": "__class__"},
        ),
        *({"region": "auto"}, {"region": [0, 0, 5]}, {"region": [0, 0, 5.5, 5]}, {"region": [-1, 0, 5, 5]}),
        *({"region": [0, 0, 1 << 40, 5]}, {"": 1}, {"kernel_size": 31}),
    ],
)
def test_anything_else_is_refused_in_one_sentence(fields):
    with pytest.raises(InvalidInputError) as refused:
        choices_from(fields)
    assert len(str(refused.value)) < 300
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("region", [(0, 0, 41, 10), (31, 0, 10, 10), (0, 55, 10, 6)])
def test_a_region_has_to_lie_in_the_picture(region):
    with pytest.raises(InvalidInputError, match="40 × 60"):
        Choices(region=region).check_fits(40, 60)
    Choices(region=(0, 0, 40, 60)).check_fits(40, 60)
