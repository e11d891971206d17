"""The scripts of ``completion``, run by the shells themselves where these are installed."""

import shutil
import subprocess

import pytest

pytest.importorskip("shtab")


@pytest.fixture
def script(pydeblur, tmp_path):
    """Write the script of a shell; returns its path."""

    def write(shell):
        outcome = pydeblur("completion", shell)
        assert (outcome.code, outcome.err) == (0, "")
        path = tmp_path / f"pydeblur.{shell}"
        path.write_text(outcome.out)
        return path

    return write


COMPLETE = """
source {script}
function_name=$(complete -p pydeblur | sed 's/.*-F \\([^ ]*\\).*/\\1/')
COMP_WORDS=({words}) COMP_CWORD={last} COMP_LINE="{words}" COMP_POINT=${{#COMP_LINE}}
$function_name pydeblur "{current}" "{previous}"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    "words, expected",
    [
        (["pydeblur", "deb"], {"deblur"}),
        (["pydeblur", "de"], {"deblur", "deconv", "demo"}),
        (["pydeblur", "deblur", "--kernel-s"], {"--kernel-size", "--kernel-solver"}),
        (["pydeblur", "deblur", "--preset", "f"], {"faithful", "fast"}),
        (["pydeblur", "deblur", "pict"], {"picture.png"}),
        (["pydeblur", "completion", "f"], {"fish"}),
    ],
)
def test_bash_completes(script, tmp_path, words, expected):
    (tmp_path / "picture.png").touch()
    code = COMPLETE.format(
        script=script("bash"), words=" ".join(words), last=len(words) - 1, current=words[-1], previous=words[-2]
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == "" and {word.strip() for word in done.stdout.split()} == expected


@pytest.mark.parametrize(
    "shell, marks", [("zsh", ["#compdef pydeblur", "--kernel-size"]), ("fish", ["complete -c pydeblur"])]
)
def test_the_scripts_of_the_other_shells(script, shell, marks):
    path = script(shell)
    assert all(mark in path.read_text() for mark in [*marks, "deblur", "--help-all" if shell == "zsh" else "help-all"])
    if shutil.which(shell):
        done = subprocess.run([shell, "-n", path], capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, "")
