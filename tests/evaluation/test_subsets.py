"""A stratified part: every image and every kernel equally often."""

from collections import Counter
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydeblur.evaluation.subsets import stratified


def grid(images, kernels):
    return [SimpleNamespace(name=f"im{i:02d}_ker{k:02d}") for i in range(1, images + 1) for k in range(1, kernels + 1)]


@given(st.integers(1, 12), st.integers(1, 9), st.data())
def test_images_and_kernels_are_chosen_equally_often_but_for_one(images, kernels, data):
    cases = grid(images, kernels)
    count = data.draw(st.integers(1, len(cases)))
    chosen = stratified(cases, count)
    names = [case.name for case in chosen]
    assert len(set(names)) == count and names == sorted(names)
    for part, kinds in ((0, images), (1, kernels)):
        times = Counter(name.split("_")[part] for name in names)
        counts = [*times.values(), *[0] * (kinds - len(times))]
        assert max(counts) - min(counts) <= 1


def test_the_text_set_s_fifteen_are_those_of_the_prior_study():
    names = [case.name for case in stratified(grid(15, 8), 15)]
    assert names[:2] == ["im01_ker01", "im02_ker02"] and names[8] == "im09_ker01" and names[14] == "im15_ker07"


@pytest.mark.parametrize("count", [None, 6, 100])
def test_all(count):
    assert stratified(grid(2, 3), count) == stratified(grid(2, 3), None) and len(stratified(grid(2, 3), count)) == 6


def test_a_list_that_is_no_grid_is_gone_through_evenly():
    names = [case.name for case in stratified(grid(3, 3)[:-1], 4)]
    assert names == ["im01_ker01", "im01_ker03", "im02_ker02", "im03_ker01"]
    assert len(stratified([SimpleNamespace(name=name) for name in "abcde"], 2)) == 2
