"""Kernels of other programs in files: which case they belong to, which way round they are, and what is refused."""

import numpy as np
import pytest
from scipy.io import savemat
from scipy.signal import convolve2d

import pydeblur
from pydeblur.datasets import load
from pydeblur.evaluation.protocols import Protocol, all_options, evaluate
from pydeblur.evaluation.stored_kernels import find_kernels
from pydeblur.files import write_image, write_kernel

#: Not its own image turned by 180 degrees.
KERNEL = np.zeros((5, 5))
KERNEL[[0, 1, 2, 3, 4, 4], [1, 1, 2, 3, 3, 4]] = 1 / 6
OTHER = np.zeros((5, 5))
OTHER[2, :] = [0.5, 0.3, 0.1, 0.1, 0.0]
CASES = ("im01_ker01", "im01_ker02", "im02_ker01")


@pytest.fixture(scope="module")
def data(sharp_image, tmp_path_factory):
    """Three of Levin et al.'s cases, in their own convention; the second has another kernel."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "levin").mkdir()
    for name in CASES:
        sharp = sharp_image[20:90, 20:88] if name.startswith("im01") else sharp_image[30:100, 40:108]
        kernel = OTHER if name.endswith("2") else KERNEL
        variables = {"x": sharp[2:-2, 2:-2], "y": convolve2d(sharp, kernel, "valid"), "f": kernel[::-1, ::-1]}
        savemat(folder / f"levin/{name}.mat", variables)
    return folder


@pytest.fixture
def folder(tmp_path):
    """Write the true kernels under the given names, turned where asked."""

    def write(*names, turned=False):
        for name in names:
            kernel = OTHER if "er02" in name or "k_2" in name else KERNEL
            write_kernel(tmp_path / name, 7.0 * (kernel[::-1, ::-1] if turned else kernel))
        return tmp_path

    return write


@pytest.mark.parametrize(
    "name, case",
    [
        ("im01_ker02.tif", "im01_ker02"),
        ("im01_ker02_theirs.npy", "im01_ker02"),
        ("kernel_of_IM01_ker02.mat", "im01_ker02"),
        ("k_2_im_1_cho_and_lee.png", "im01_ker02"),
        ("im1_k2.png", "im01_ker02"),
        ("image 1 kernel 2.png", "im01_ker02"),
        ("img02-ker01.png", "im02_ker01"),
        ("kernel_25_im02_ker01.npy", "im02_ker01"),
    ],
)
def test_a_file_s_name_tells_its_case(data, folder, name, case):
    found = find_kernels(folder(name), "levin", data)
    assert dict(found.files) == {case: folder() / name}


@pytest.mark.parametrize(
    "name", ["im01_ker021.png", "im011_ker01.png", "k_12_im_1.png", "result.png", "dim01_ker01x.png"]
)
def test_names_of_no_case_are_left_alone(data, folder, name):
    with pytest.raises(pydeblur.FileFormatError, match=r"no kernel file of any case.*im01_ker01\.tif"):
        find_kernels(folder(name), "levin", data)
    assert list(find_kernels(folder("im01_ker01.npy"), "levin", data).files) == ["im01_ker01"]


@pytest.mark.parametrize("turned", [False, True])
def test_the_true_kernels_tell_which_way_round_a_folder_s_are(data, folder, turned):
    names = ["k_1_im_1.npy", "k_2_im_1.npy", "k_1_im_2.npy"]
    found = find_kernels(folder(*names, turned=turned), "levin", data)
    assert found.convention == ("correlation" if turned else "convolution")
    for case in load("levin", data):
        np.testing.assert_allclose(found.kernel(case.name), case.kernel, rtol=1e-12)
    other = "convolution" if turned else "correlation"
    as_told = find_kernels(folder(), "levin", data, other)
    assert as_told.convention == other
    np.testing.assert_allclose(as_told.kernel("im01_ker01"), KERNEL[::-1, ::-1], rtol=1e-12)


def test_true_kernels_have_the_error_ratio_1_and_others_do_not(data, folder):
    kernels = find_kernels(folder(*(f"{case}.npy" for case in CASES), turned=True), "levin", data)
    report = evaluate(Protocol("levin", kernels=kernels), data)
    for case in report["cases"]:
        assert case["error_ratio"] == pytest.approx(1, abs=1e-9) and case["kernel_similarity"] == pytest.approx(1)
        assert case["cpu_seconds"] is None
    assert report["summary"]["success"]["1.5"] == 1 and report["options"]["kernels"] == "correlation"
    wrong = find_kernels(folder(), "levin", data, "convolution")
    assert all(case["error_ratio"] > 1.5 for case in evaluate(Protocol("levin", kernels=wrong), data)["cases"])


def test_cases_without_a_kernel_are_named_and_left_out(data, folder):
    kernels = find_kernels(folder("im01_ker02.npy"), "levin", data)
    protocol = Protocol("levin", kernels=kernels)
    report = evaluate(protocol, data)
    assert [case["name"] for case in report["cases"]] == ["im01_ker02"]
    assert report["without_kernel"] == ["im01_ker01", "im02_ker01"]
    with pytest.raises(pydeblur.FileFormatError, match="im02_ker01"):
        evaluate(protocol, data, ["im02_ker01"])


def test_of_a_float_file_and_its_picture_the_float_file_counts(data, folder):
    found = find_kernels(folder("im01_ker01.png", "im01_ker01.npy"), "levin", data)
    assert found.files["im01_ker01"].suffix == ".npy"


def write_nothing(path):
    path.write_bytes(b"no picture")


@pytest.mark.parametrize(
    "name, write",
    [
        ("im01_ker01.npy", lambda path: np.save(path, np.ones((4, 5)))),
        ("im01_ker01.npy", lambda path: np.save(path, -np.ones((5, 5)))),
        ("im01_ker01.npy", lambda path: np.save(path, np.full((5, 5), np.nan))),
        ("im01_ker01.npy", lambda path: np.save(path, np.ones((99, 99)))),
        ("im01_ker01.npy", lambda path: np.save(path, np.ones((81, 3)))),
        ("im01_ker01.npy", write_nothing),
        ("im01_ker01.png", write_nothing),
        ("im01_ker01.mat", write_nothing),
        ("im01_ker01.png", lambda path: write_image(path, np.random.default_rng(0).random((5, 5, 3)))),
    ],
)
def test_what_is_no_kernel_is_refused_by_its_name(data, folder, name, write):
    write(folder("im02_ker01.npy") / name)
    with pytest.raises(pydeblur.FileFormatError, match=rf"^[^\n]*{name}[^\n]*$") as caught:
        find_kernels(folder(), "levin", data)
    assert len(str(caught.value)) < 400


def test_two_kernels_of_one_case_are_refused_by_their_names(data, folder):
    with pytest.raises(pydeblur.FileFormatError, match="im01_ker01.npy and k_1_im_1.npy are kernels of the same case"):
        find_kernels(folder("im01_ker01.npy", "k_1_im_1.npy"), "levin", data)


def test_no_folder_and_no_such_convention(data, folder):
    with pytest.raises(pydeblur.FileFormatError, match="absent should be a folder"):
        find_kernels(folder() / "absent", "levin", data)
    with pytest.raises(pydeblur.InvalidOptionError, match="'mirrored'"):
        find_kernels(folder("im01_ker01.npy"), "levin", data, "mirrored")


@pytest.mark.parametrize("given", [{"prior": "gradient"}, {"preset": "fast"}, {"solver": {"iterations": 3}}])
def test_an_estimation_can_t_be_asked_for_beside_stored_kernels(data, folder, given):
    kernels = find_kernels(folder("im01_ker01.npy"), "levin", data)
    with pytest.raises(pydeblur.InvalidOptionError, match=next(iter(given))):
        all_options(Protocol("levin", kernels=kernels, **given))


@pytest.mark.needs_data
def test_stored_kernels_of_cho_and_lee_have_the_recorded_errors(research_data):
    kernels = find_kernels(research_data / "levin/kernels_cho2009", "levin", research_data)
    final_step = {"lambda_tv": 1e-3, "lambda_l0": 2e-4, "weight_ring": 1.0}
    protocol = Protocol("levin", kernels=kernels, nonblind_options=final_step)
    report = evaluate(protocol, research_data, ["im01_ker01", "im03_ker03", "im01_ker05"])
    # On record for these kernels under the same final step.
    for case, ssd in zip(report["cases"], (37.22, 17.48, 26.50), strict=True):
        assert case["ssd"] == pytest.approx(ssd, abs=0.005)
