"""The progress bar that follows the solver's iterations."""

import numpy as np
import pytest

from pydeblur.solver import ProgressBar, SolverOptions, blind_deconv, iteration_count


@pytest.fixture(scope="module")
def image():
    return np.kron(np.random.default_rng(0).random((8, 8)), np.ones((6, 6)))


def test_it_advances_with_every_iteration_and_says_where_the_run_is(image, capsys):
    options = SolverOptions(9, iterations=2)
    with ProgressBar(iteration_count(options)) as bar:
        history = blind_deconv(image, options, callback=bar).history
        assert bar._bar.n == bar._bar.total == 4
        bar._bar.refresh()
    written = capsys.readouterr()
    assert written.out == "" and "scale 0 (48x48, kernel 9)" in written.err and "4/4" in written.err
    assert f"energy {history[-1].energy:.4g}" in written.err


def test_a_disabled_bar_draws_nothing(image, capsys):
    with ProgressBar(2, disable=True) as bar:
        blind_deconv(image, SolverOptions(5, iterations=2), callback=bar)
    assert capsys.readouterr() == ("", "")
