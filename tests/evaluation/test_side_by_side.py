"""The picture that shows blurred images beside the deblurred ones."""

import numpy as np

from pydeblur.evaluation.side_by_side import side_by_side


def test_a_row_for_each_image_with_its_kernel_and_its_detail():
    rng = np.random.default_rng(0)
    kernel = np.eye(5) / 5
    rows = [
        (rng.random((40, 50)), rng.random((40, 50)), kernel, np.s_[:, :]),
        (rng.random((60, 70)), rng.random((60, 70)), kernel, np.s_[10:40, 10:50]),
    ]
    picture = side_by_side(rows)
    gap = 8
    assert picture.shape == (40 + gap + 60 + gap, 2 * 80 + 2 * gap + 20)
    assert picture.min() >= 0 and picture.max() <= 1
    assert np.array_equal(picture[:40, :50], rows[0][0])
    assert np.array_equal(picture[:40, 50 + gap :][:, :50], rows[0][1])
    assert np.array_equal(picture[:20, 2 * 50 + 2 * gap :][:, :20], np.kron(np.eye(5), np.ones((4, 4))))


def test_a_kernel_larger_than_the_image_is_cut():
    image = np.zeros((10, 12))
    assert side_by_side([(image, image, np.full((9, 9), 1 / 81), np.s_[:, :])]).shape == (18, 2 * 12 + 2 * 8 + 36)
