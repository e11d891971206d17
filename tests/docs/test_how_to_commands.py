"""Every command of the how-to pages is run, page by page and in order, on small pictures and with few iterations."""

import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from pydeblur.cli.main import main
from pydeblur.files import write_image

sys.path.insert(0, str(Path(__file__).parent))
from test_pages import DOCS, commands

sys.path.pop(0)

#: What stands in a command that is not run here, and where it is run.
RUN_ELSEWHERE = {
    "--device cuda": "needs a GPU",
    "tcp://": "needs a cluster; tests/parallel",
    "--data DATA": "needs the research data; tests/cli/test_evaluate.py and tests/reproduce",
    "reproduce": "takes minutes; tests/reproduce",
    "train": "takes hours; tests/cli/test_train.py and its neighbours",
    "export": "needs a checkpoint; tests/cli/test_classifier_commands.py",
    "mine.onnx": "needs a network of the user's own; tests/priors/classifier",
    "my-ranking.onnx": "needs a network of the user's own; tests/estimators",
    "serve": "goes on until it is ended; tests/serve",
    "light_streaks": "needs streaks of light; tests/estimators/test_light_streaks.py",
}
#: The pages' pictures have megapixels and wide kernels: what is asked of the small ones in their place.
SMALLER = [
    (r"--kernel-size \d+", "--kernel-size 7"),
    (r"--(region|crop) \d+,\d+,\d+,\d+", r"--\1 4,4,64,64"),
    (r"--jobs \d+", "--jobs 1"),
    (r"--count \d+", "--count 1"),
]
#: Without a prior or preset of their own, commands make one run of one iteration.
QUICK = {
    "deblur": ("--iterations", "1"),
    "kernel": ("--iterations", "1"),
    "batch": ("--iterations", "1", "--prior", "gradient"),
}
#: The pages whose commands find the kernel's size; those of others are given it.
FINDS_SIZES = ("kernel_size", "getting_started")
PAGES = sorted([*(DOCS / "how_to").glob("*.md"), DOCS / "getting_started.md"])


def run_here(page):
    """The page's commands of pydeblur that are run here, made smaller, each as a list of words."""
    found = []
    for words in commands(page.read_text(encoding="utf-8")):
        line = " ".join(words)
        if words[0] != "pydeblur" or any(re.search(rf"(^|\s){re.escape(part)}", line) for part in RUN_ELSEWHERE):
            continue
        for pattern, replacement in SMALLER:
            line = re.sub(pattern, replacement, line)
        words = line.split()[1:]
        is_given = "--kernel-size" in words or page.stem in FINDS_SIZES
        found.append(
            words if is_given or words[:1] not in [[name] for name in QUICK] else [*words, "--kernel-size", "7"]
        )
    return found


@pytest.fixture
def folder(sharp_image, blurred_for_docs, tmp_path, monkeypatch):
    """A folder with the pictures that the pages name."""
    monkeypatch.chdir(tmp_path)
    colour = np.stack([blurred_for_docs, blurred_for_docs**1.2, blurred_for_docs**0.9], axis=-1)
    for name in ("photo.jpg", "large.jpg", "sharp.jpg", "page.jpg"):
        write_image(name, colour)
    for name in ("page.png", "drawing.png", "white_paper.png", "photo.png"):
        write_image(name, blurred_for_docs)
    write_image("night.jpg", colour * 0.4)
    for name in ("sharp_1.png", "sharp_2.png"):
        write_image(name, np.tile(sharp_image, (2, 2)))
    for name in ("photos", "PHOTOS", "MORE"):
        Path(name).mkdir(exist_ok=True)
        shutil.copy("photo.jpg", f"{name}/one.jpg" if name == "MORE" else f"{name}/two.jpg")
    write_image("PHOTOS/sharp.png", np.tile(sharp_image, (2, 2)))
    assert (
        main(["kernel", "photo.png", "-o", "kernel.tif", "--kernel-size", "5", "--prior", "gradient", "--quiet"]) == 0
    )
    return tmp_path


@pytest.fixture(scope="session")
def blurred_for_docs(sharp_image):
    from scipy.ndimage import uniform_filter1d

    return np.clip(uniform_filter1d(sharp_image[:80, :84], 5, axis=1), 0, 1)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
@pytest.mark.filterwarnings("ignore")  # the command line shows them, and a small picture gives some
def test_the_commands_of_a_page_run(page, folder, capsys):
    for words in run_here(page):
        try:
            code = main([*words, *QUICK.get(words[0] if words else "", ())])
        except SystemExit as end:
            code = end.code
        written = capsys.readouterr()
        assert code == 0, f"{' '.join(words)}: {written.err}"
        outputs = [
            words[place + 1] for place, word in enumerate(words) if word in ("-o", "--json", "--report", "--kernel-out")
        ]
        assert all(Path(path).exists() for path in outputs), words


def test_most_commands_are_run_here():
    counts = {page.stem: len(run_here(page)) for page in PAGES}
    assert sum(counts.values()) > 20 and counts["command_line"] > 8 and counts["large_images"] >= 3
