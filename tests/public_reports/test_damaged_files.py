"""Reports about files that ended the process, ran code, or were taken for valid ones."""

import io
import os
import pickle
import struct
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import scipy.io

from pydeblur import FileFormatError
from pydeblur.files import read_kernel


def _all_refused_elsewhere(paths):
    """Whether every file is refused as a kernel, in a process of its own, which has to live on."""
    program = (
        "import sys\nfrom pydeblur import FileFormatError\nfrom pydeblur.files import read_kernel\n"
        "for path in sys.argv[1:]:\n    try:\n        read_kernel(path)\n"
        "    except FileFormatError:\n        print('refused')\n"
    )
    done = subprocess.run([sys.executable, "-c", program, *paths], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout.split() == ["refused"] * len(paths)


def _mat_file():
    stream = io.BytesIO()
    scipy.io.savemat(stream, {"kernel": np.ones((3, 5))})
    return stream.getvalue()


def test_mat_files_with_unknown_data_types_do_not_end_the_process(tmp_path):
    """scipy/scipy#25349: the type of an element was used as an index without a check."""
    place = 128 + 8 + 16 + 16 + 16  # The header, the matrix's tag, its flags, its sizes, and its name.
    assert struct.unpack_from("<II", _mat_file(), place) == (9, 120)
    paths = []
    for kind in (0, 8, 10, 11, 19, 20, 0x100, 0x7FFFFFFF):
        file = bytearray(_mat_file())
        struct.pack_into("<I", file, place, kind)
        paths.append(tmp_path / f"type{kind}.mat")
        paths[-1].write_bytes(file)
    assert _all_refused_elsewhere(paths)


def test_mat_files_that_were_cut_off_do_not_end_the_process(tmp_path):
    """scipy/scipy#6072: the process ended with a segmentation fault on a download that had stopped."""
    paths = [tmp_path / f"cut{length}.mat" for length in range(0, len(_mat_file()) - 1, 7)]
    for number, path in enumerate(paths):
        path.write_bytes(_mat_file()[: 7 * number])
    assert _all_refused_elsewhere(paths)


def test_a_mat_file_of_zeros_is_refused(tmp_path):
    """scipy/scipy#22444: a file of zeros was read as one with an empty variable."""
    (tmp_path / "kernel.mat").write_bytes(bytes(4096))
    with pytest.raises(FileFormatError):
        read_kernel(tmp_path / "kernel.mat")


def test_version_7_3_is_named_with_its_remedy(tmp_path):
    """yeatmanlab/AFQ-Browser#161: users were told to use another reader, but not what to do in MATLAB."""
    head = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(116) + bytes(8) + b"\0\2IM" + bytes(384)
    (tmp_path / "kernel.mat").write_bytes(head + b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(FileFormatError, match=r"7\.3.*-v7"):
        read_kernel(tmp_path / "kernel.mat")


class _Touch:
    """Its pickle makes a file when it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (os.fspath(self.path), "w")


@pytest.mark.parametrize("form", ["a plain pickle", "a checkpoint"])
def test_checkpoints_run_no_code(tmp_path, form):
    """ecmwf/anemoi-core#1416: checkpoints of strangers could run any program."""
    pytest.importorskip("torch")
    from pydeblur.training.torch_run import read_network_checkpoint

    made, path = tmp_path / "made", tmp_path / "best.pt"
    load = pickle.dumps({"state_dict": _Touch(made)}, protocol=2)
    if form == "a plain pickle":
        path.write_bytes(load)
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("archive/data.pkl", load)
            archive.writestr("archive/version", "3\n")
    with pytest.raises(FileFormatError):
        read_network_checkpoint(path)
    assert not made.exists()


def test_arrays_of_objects_are_not_unpickled(tmp_path):
    """ecmwf/anemoi-core#1416, too: arrays of objects are pickles."""
    made, path = tmp_path / "made", tmp_path / "kernel.npy"
    np.save(path, np.array([_Touch(made)], object), allow_pickle=True)
    with pytest.raises(FileFormatError):
        read_kernel(path)
    assert not made.exists()
