"""The private folder: of its owner alone, removed at the end, and by the next server if the end never came."""

import os
import signal
import subprocess
import sys

import pytest

from pydeblur.serve.storage import new_identifier, private_folder

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs locks and signals of POSIX systems")
KILLED = """
import os, signal
from pydeblur.serve.storage import private_folder
with private_folder() as folder:
    (folder / "picture").write_bytes(b"private")
    print(folder, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_nothing_is_left_after_an_error(temporary):
    with pytest.raises(RuntimeError), private_folder() as folder:
        (folder / "picture").write_bytes(b"private")
        assert folder.stat().st_mode & 0o077 == 0
        raise RuntimeError
    assert list(temporary.iterdir()) == []


def test_what_a_killed_server_left_is_swept_up_and_nothing_else(temporary):
    environment = {**os.environ, "TMPDIR": str(temporary)}
    killed = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, env=environment)
    assert killed.returncode == -signal.SIGKILL
    left = killed.stdout.strip()
    assert os.path.isdir(left)
    (temporary / "pydeblur-serve-notours").mkdir()
    (temporary / "other").mkdir()
    with private_folder() as first:
        assert not os.path.exists(left)
        with private_folder():
            assert first.is_dir()
    assert sorted(each.name for each in temporary.iterdir()) == ["other", "pydeblur-serve-notours"]


def test_ids_are_long_and_never_the_same():
    found = {new_identifier() for _ in range(1000)}
    assert len(found) == 1000
    assert {len(each) for each in found} == {32}
