"""The options that ``--help`` shows of a command; ``--help-all`` shows the others, too. Commands not named here have few."""

_ESTIMATION = ("--kernel-size", "--preset", "--region", "--nonuniform", "--threads")
_LIGHT = ("--saturated", "--no-saturated")
_MESSAGES = ("--quiet", "--verbose")

EVERYDAY = {
    "deblur": ("--output", *_ESTIMATION, *_LIGHT, "--nonblind", "--kernel-out", "--report", "--json", *_MESSAGES),
    "kernel": ("--output", *_ESTIMATION, *_LIGHT, "--json", *_MESSAGES),
    "deconv": ("--output", "--nonblind", "--saturated", "--noise", "--json", "--quiet"),
    "batch": (
        "--output",
        *_ESTIMATION,
        *_LIGHT,
        "--nonblind",
        "--jobs",
        "--kernels",
        "--overwrite",
        "--json",
        "--quiet",
    ),
}
