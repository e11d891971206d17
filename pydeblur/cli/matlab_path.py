"""``pydeblur matlab-path``: the folder with the functions for MATLAB and Octave."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It has no arguments."""
    parser.epilog = (
        "In MATLAB or Octave, addpath of this folder lets scripts call pydeblur under their functions' own names."
    )


def run(arguments: argparse.Namespace) -> None:
    """Print it."""
    from pydeblur.matlab_api.dropin import dropin_folder

    print(dropin_folder())
