"""Settings of the documentation's site; `make docs` builds it into docs/_build/html."""

import sys
from pathlib import Path

from pydeblur.version import __version__

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

project = "pydeblur"
author = "the authors of pydeblur"
version = release = __version__
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "sphinxcontrib.bibtex",
    "mathml",
    "paper_numbers",
    "self_contained",
    "vertical_bars",
]
exclude_patterns = ["_build", "examples", "results/remarks", "results/runs", "**/README.md"]
templates_path = ["_templates"]
# Shell commands and Python stand in blocks that say so; a bare block is shown as it is.
highlight_language = "none"

html_theme = "pydata_sphinx_theme"
html_title = "pydeblur"
html_static_path = ["_static"]
html_css_files = ["pydeblur.css"]
html_show_sourcelink = False
html_math_renderer = "mathml"
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_nav_level": 1,
    "navigation_depth": 2,
    "header_links_before_dropdown": 7,
}
html_context = {"default_mode": "light"}
copyright = "the authors of pydeblur, MIT licence"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

bibtex_bibfiles = ["references.bib"]
bibtex_default_style = "paper"

autosummary_generate = True
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "within_subsection_order": "ExampleTitleSortKey",
    "image_scrapers": ("matplotlib",),
    "backreferences_dir": None,
    "download_all_examples": False,
    "show_signature": False,
    "write_computation_times": False,
    "remove_config_comments": True,
    "abort_on_example_error": False,
}
