"""``pydeblur train-mixture``: train the mixture of Gaussians that the final step "epll" takes as its prior."""

from __future__ import annotations

import argparse

from pydeblur.cli import progress
from pydeblur.cli.training_arguments import add_option_arguments, add_run_arguments, options_given
from pydeblur.training.epll_mixture.options import MixtureTrainingOptions


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    add_run_arguments(parser, "the mixture, checkpoint and log")
    add_option_arguments(parser, MixtureTrainingOptions)


def run(arguments: argparse.Namespace) -> None:
    """Train, and print where the mixture is."""
    from pydeblur.training.epll_mixture.training import train_mixture

    options = options_given(arguments, MixtureTrainingOptions)
    shows = progress.wants_bar(arguments)
    print(train_mixture(arguments.data, arguments.out, options, resume=arguments.resume, progress=shows))
