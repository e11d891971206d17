"""Reports about processes and threads: flags that stay set, hanging children, killed workers, caches, terminals."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pydeblur.errors import WorkerLostError
from pydeblur.parallel.processes import map_unordered

#: "No hang" is the point: the limit is one of minutes.
_LIMIT = 300


def _python(program, **environment):
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=_LIMIT,
        env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
    )


@pytest.mark.parametrize("backend", ["onnxruntime", "torch"])
def test_the_thread_keeps_its_subnormal_numbers(backend):
    """microsoft/onnxruntime#5391: who lets a library flush subnormal numbers to zero does so for the whole thread."""
    if backend == "torch":
        pytest.importorskip("torch")
    done = _python(
        "import numpy as np, pydeblur\n"
        f"prior = pydeblur.load_prior('classifier', weights='classifier-compact', backend='{backend}', threads=1)\n"
        "prior.value_and_grad(np.random.default_rng(0).random((32, 32)))\n"
        "print(float('5e-324') > 0, np.float64(1e-310) * 1.0 > 0)"
    )
    assert done.stdout.split() == ["True", "True"], done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_forked_child_with_a_network_of_torch_ends():
    """pytorch/pytorch#17199 and #2245: a forked child waits forever for threads that its parent has."""
    pytest.importorskip("torch")
    done = _python(
        "import os, sys, warnings, numpy as np, pydeblur\n"
        "warnings.simplefilter('ignore')\n"
        "prior = pydeblur.load_prior('classifier', weights='classifier-compact', backend='torch', threads=2)\n"
        "image = np.random.default_rng(0).random((64, 64))\n"
        "value, _ = prior.value_and_grad(image)\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    try:\n"
        "        status = 0 if abs(prior.value_and_grad(image)[0] - value) < 1e-5 else 5\n"
        "    except pydeblur.InvalidInputError:\n"
        "        status = 0\n"
        "    os._exit(status)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"
    )
    assert done.stdout.split() == ["0"], done.stderr


def test_a_worker_that_is_killed_is_named_and_the_others_finish():
    """python/cpython#10441 and lenskit/lkpy#290: the parent waited forever for a worker that the kernel had killed."""
    killed = "__import__('os').kill(__import__('os').getpid(), 9)"
    found = []
    with pytest.raises(WorkerLostError, match="1 of 4"):
        for result in map_unordered(eval, [killed, "1", "2", "3"], 2):
            found.append(result)
    assert sorted(found) == [1, 2, 3]


def test_an_unwritable_cache_of_numba_costs_speed_alone(tmp_path):
    """numba/numba#5566 and LMCache/LMCache#4597: a package could not be imported where no cache may be written."""
    pytest.importorskip("numba")
    (tmp_path / "file").write_text("")
    done = _python(
        "import numpy as np, pydeblur\n"
        "image = np.random.default_rng(0).random((40, 44))\n"
        "print(pydeblur.deconvolve(image, np.ones((3, 3))).shape)",
        NUMBA_CACHE_DIR=str(tmp_path / "file" / "below"),
        HOME=str(tmp_path / "file"),
    )
    assert done.stdout.split() == ["(40,", "44)"], done.stderr


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii"])
@pytest.mark.parametrize("words", [["--help"], ["deblur", "--help"]])
def test_help_is_shown_in_old_encodings(encoding, words):
    """Aider-AI/aider#1408 and cookiejar/cookietemple#470: characters that a terminal lacks ended the program."""
    done = subprocess.run(
        [sys.executable, "-m", "pydeblur", *words],
        capture_output=True,
        timeout=_LIMIT,
        env=os.environ | {"PYTHONIOENCODING": encoding},
    )
    assert done.returncode == 0 and b"usage" in done.stdout.lower() and b"Traceback" not in done.stderr


def _folder_of_pictures(folder: Path, write_picture):
    folder.mkdir()
    write_picture(folder / "photo.png")
    (folder / "._photo.png").write_bytes(b"\0\5\x16\7" + bytes(100))


def test_companion_files_of_macos_are_no_pictures(tmp_path, pydeblur_command, write_picture):
    """SanjaySoniLV/ProjectKestrel#58: files called ._NAME.png on external drives were taken for damaged pictures."""
    _folder_of_pictures(tmp_path / "in", write_picture)
    done = pydeblur_command(
        "batch", tmp_path / "in", "-o", tmp_path / "out", "--preset", "fast", "--prior", "gradient", "--kernel-size", 5
    )
    assert done.code == 0, done.err
    assert [path.name for path in sorted((tmp_path / "out").iterdir()) if path.suffix == ".png"] == ["photo.png"]


@pytest.mark.parametrize("link", [False, True])
def test_the_input_is_never_the_output(tmp_path, pydeblur_command, write_picture, link):
    """CompVis/depth-fm#12, svg/svgo#2, tsurumeso/waifu2x-chainer#13: results were written over the only original."""
    photo = tmp_path / "photo.png"
    write_picture(photo)
    np.save(tmp_path / "kernel.npy", np.ones((3, 3)) / 9)
    before, out = photo.read_bytes(), photo
    if link:
        out = tmp_path / "link.png"
        os.link(photo, out)
    done = pydeblur_command("deconv", photo, tmp_path / "kernel.npy", "-o", out)
    assert done.code == 2 and "Traceback" not in done.err and photo.read_bytes() == before
