"""What the studies' scripts share, as far as their own tests do not show it."""

import numpy as np
import pytest

from pydeblur.errors import InvalidInputError, KernelCollapseError
from pydeblur.estimators import resolve
from pydeblur.evaluation import studies
from pydeblur.evaluation.studies import estimated_kernel, request_from, run_study, study_parser
from pydeblur.synthesis.cases import blurred_case


def test_bad_input_is_one_sentence_and_exit_code_2(capsys):
    def main():
        raise InvalidInputError("data should be a folder.")

    assert run_study(main) == 2
    assert capsys.readouterr().err == "error: data should be a folder.\n"


def test_other_errors_are_raised():
    with pytest.raises(ZeroDivisionError):
        run_study(lambda: 1 / 0)


def test_arguments_become_a_request(tmp_path):
    arguments = ["--data", "photos", "--out", str(tmp_path), "--jobs", "3", "--subset", "2", "--restart"]
    request = request_from(study_parser("What is it?", "photographs").parse_args(arguments))
    assert (request.out, str(request.data), request.jobs) == (tmp_path, "photos", 3)
    assert (request.subset, request.restart) == (2, True)


def test_a_kernel_that_collapses_is_none_and_has_cost_time(monkeypatch):
    scene = np.kron(np.random.default_rng(0).random((8, 8)), np.ones((6, 6)))
    case = blurred_case("squares", scene, np.full((3, 3), 1 / 9), 0.0, 1)
    kernel, seconds = estimated_kernel(resolve(prior="gradient"), case)
    assert kernel.shape == (5, 5)
    assert seconds > 0

    def collapse(self, image, kernel_size):
        raise KernelCollapseError("nothing is left of the kernel")

    monkeypatch.setattr(studies.Multistart, "estimate", collapse)
    kernel, seconds = estimated_kernel(resolve(prior="gradient"), case)
    assert kernel is None
    assert seconds >= 0
