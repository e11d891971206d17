"""Everything is declared in setup.cfg, but for the package list and the page that an index of packages shows.

weights/ is installed as pydeblur.weights. The page is README.md without what only leads somewhere inside the repository: its
pictures, and the targets of its relative links, whose words stay.
"""

import re
from pathlib import Path

from setuptools import find_packages, setup

_PICTURE = re.compile(r"!\[[^\]]*\]\((?![a-z]+:)[^)]*\)\n*")
_RELATIVE_LINK = re.compile(r"\[([^\]]*)\]\((?![a-z]+:|#)[^)]*\)")


def page_of_the_wheel(readme):
    """The text of README.md with pictures and relative links of Markdown taken out; links to addresses and anchors stay."""
    return _RELATIVE_LINK.sub(r"\1", _PICTURE.sub("", readme))


setup(
    packages=[*find_packages(include=["pydeblur", "pydeblur.*"]), "pydeblur.weights", "pydeblur.matlab_dropin"],
    long_description=page_of_the_wheel(Path(__file__).with_name("README.md").read_text("utf-8")),
    long_description_content_type="text/markdown",
)
