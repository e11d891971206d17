"""A part of a benchmark that is spread evenly over its images and its kernels."""

from __future__ import annotations


def stratified(cases, count: int | None) -> list:
    """Choose some cases of a benchmark of images × kernels.

    The p-th of n chosen ones has the image p I / n, rounded down, and the kernel p mod K: each image, and each kernel,
    is chosen equally often but for one. Whether a case is in does not depend on chance.

    Parameters
    ----------
    cases : sequence
        With names such as "im01_ker03".
    count : int or None
        None, or as many as there are or more: all of them.

    Returns
    -------
    list
        `count` different cases, in the order of `cases`.
    """
    cases = list(cases)
    if count is None or count >= len(cases):
        return cases
    named = {case.name.partition("_")[::2]: number for number, case in enumerate(cases)}
    images, kernels = ([*dict.fromkeys(parts)] for parts in zip(*named))
    if len(images) * len(kernels) != len(named):
        # No full grid: evenly along the list.
        return [cases[position * len(cases) // count] for position in range(count)]
    chosen = [
        named[(images[position * len(images) // count], kernels[position % len(kernels)])] for position in range(count)
    ]
    return [cases[number] for number in sorted(chosen)]
