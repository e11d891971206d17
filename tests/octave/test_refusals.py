"""matlab_ref refuses what it would take wrongly: integers, colour where grey is meant, and priors that it does not have."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: A call, and how the error begins.
REFUSED = {
    "blind_deconv(uint8(255 * g), 0, 4e-3, o)": "matlab_ref:class|y should be double in [0, 1], but is of the class uint8",
    "blind_deconv(g > 0.5, 0, 4e-3, o)": "matlab_ref:class|y should be double in [0, 1], but is of the class logical",
    "blind_deconv(c, 0, 4e-3, o)": "matlab_ref:size|y should be grey, (H, W), but its size is 24 x 30 x 3.",
    "blind_deconv(255 * g, 0, 4e-3, o)": "matlab_ref:values|y should be in [0, 1], but holds values up to 2",
    "blind_deconv(g / 0, 0, 4e-3, o)": "matlab_ref:values|y should be real and finite.",
    "blind_deconv([], 0, 4e-3, o)": "matlab_ref:size|y should be grey, (H, W), but its size is 0 x 0.",
    "blind_deconv(g, 4e-3, 4e-3, setfield(o, 'prior', 'beauty'))": (
        "matlab_ref:prior|opts.prior should be one of gradient, intensity, dark_channel, extreme_channels, pmp, classifier, "
        "but is 'beauty'."
    ),
    "blind_deconv(g, 4e-3, 4e-3, setfield(o, 'prior', 7))": "matlab_ref:prior|opts.prior should be one of gradient,",
    "blind_deconv_main(g, k, 4e-3, 4e-3, 0.01, setfield(o, 'prior', 'dark'))": "matlab_ref:prior|opts.prior should be",
    "blind_deconv_main(c, k, 4e-3, 4e-3, 0.01, o)": "matlab_ref:size|blur_B should be grey",
    "ringing_artifacts_removal(uint8(255 * c), k, 1e-3, 5e-4, 1)": "matlab_ref:class|y should be double",
    "whyte_deconv(uint16(255 * c), k)": "matlab_ref:class|y should be double",
    "whyte_deconv(cat(4, c, c), k)": "matlab_ref:size|y should be (H, W) or (H, W, 3), but its size is 24 x 30 x 3 x 2.",
    "L0Restoration(uint8(255 * g), k, 2e-3)": "matlab_ref:class|Im should be double",
    "deblurring_adm_aniso(c, k, 1e-3)": "matlab_ref:size|B should be grey",
    "bilateral_filter(uint8(255 * g))": "matlab_ref:class|img should be double",
    "L0Deblur_whole(uint8(255 * g), k, 0, 4e-3)": "matlab_ref:class|Im should be double",
}
TAKEN = (
    "bilateral_filter(single(c))",
    "whyte_deconv(c, k, 1)",
    "L0Restoration(c, k, 2e-3)",
    "blind_deconv(g, 1, 4e-3, o)",
)


@pytest.mark.octave
def test_what_is_refused_and_what_is_not(tmp_path):
    octave = shutil.which("octave")
    if octave is None:
        pytest.skip("octave is not on PATH")
    calls = [*REFUSED, *TAKEN]
    attempts = "\n".join(
        f"try, {call}; disp('taken'), catch e, printf('%s|%s\\n', e.identifier, e.message), end" for call in calls
    )
    script = tmp_path / "attempts.m"
    script.write_text(
        f"addpath('{(ROOT / 'matlab_ref').as_posix()}'); setup_path;\n"
        "g = mod(magic(30)(1:24, :), 7) / 7; c = cat(3, g, g, 1 - g); k = ones(3) / 9;\n"
        f"o = struct('kernel_size', 5, 'xk_iter', 1);\n{attempts}\n"
    )
    environment = {key: value for key, value in os.environ.items() if key != "DISPLAY"}
    run = subprocess.run(
        [octave, "--no-gui", "--norc", "-q", str(script)], env=environment, capture_output=True, text=True, timeout=200
    )
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    assert len(lines) == len(calls)
    for line, start in zip(lines, [*REFUSED.values(), *["taken"] * len(TAKEN)]):
        assert line.startswith(start)
