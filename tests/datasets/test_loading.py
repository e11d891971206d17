"""Loading, on a miniature of the data folder made here."""

import pickle

import numpy as np
import pytest
import scipy.io

from pydeblur import datasets
from pydeblur.errors import FileFormatError, InvalidInputError
from pydeblur.files import write_image, write_kernel

RNG = np.random.default_rng(0)
F = np.array([[0, 0, 3.0], [0, 5, 0], [1, 1, 0]]) / 10


@pytest.fixture
def data(tmp_path):
    """levin: 2 cases, text: 2, real: 2, kohler: 1, sun: 1 photograph."""
    (tmp_path / "levin").mkdir()
    for name in ("im02_ker04", "im01_ker01"):
        x, y = RNG.random((2, 40, 40))
        scipy.io.savemat(tmp_path / "levin" / f"{name}.mat", {"x": x, "y": y, "f": F})
    (tmp_path / "levin" / "notes.txt").touch()
    for folder in ("text/blurred", "text/gt", "text/kernels", "real", "kohler/gt", "sun/clear"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("blurred/im01_ker02_blur", "blurred/im01_ker01_blur", "gt/im01"):
        write_image(tmp_path / "text" / f"{name}.png", RNG.random((12, 9, 3)))
    write_kernel(tmp_path / "text/kernels/ker01_truth.png", np.pad(F, 6))
    write_kernel(tmp_path / "text/kernels/ker02_truth.png", F)
    for name in ("wall.png", "flower.v2.jpg"):
        write_image(tmp_path / "real" / name, RNG.random((8, 8)))
    (tmp_path / "real/settings.tsv").write_text(
        "file\tkernel_size\tgamma\tsaturated\nwall.png\t35\t2.2\t0\nflower.v2.jpg\t25\t1.0\t1\n"
    )
    write_image(tmp_path / "kohler/Blurry4_10.png", RNG.random((8, 8, 3)))
    write_image(tmp_path / "kohler/gt/GroundTruth4.jpg", RNG.random((8, 8, 3)))
    write_image(tmp_path / "sun/clear/img03.png", RNG.random((110, 120)))
    return tmp_path


def test_levin(data):
    cases = datasets.load("levin", data)
    assert [(case.name, case.kernel_size) for case in cases] == [("im01_ker01", 25), ("im02_ker04", 31)]
    stored = scipy.io.loadmat(data / "levin/im01_ker01.mat")
    assert np.array_equal(cases[0].blurred, stored["y"])
    assert np.array_equal(cases[0].sharp, stored["x"])
    assert np.array_equal(cases[0].kernel, np.rot90(F, 2) / F.sum())
    assert (cases[0].gamma, cases[0].saturated) == (1, False)


def test_text(data):
    first, second = datasets.load("text", data)
    assert (first.name, first.kernel_size) == ("im01_ker01", 19)  # 1.2 * 15 is 18, which is even
    assert (second.name, second.kernel_size) == ("im01_ker02", 5)
    assert first.blurred.shape == first.sharp.shape == (12, 9, 3)
    assert np.abs(second.kernel - F).max() < 1e-5
    assert not np.array_equal(first.blurred, second.blurred)


def test_real(data):
    wall, flower = datasets.load("real", data)
    assert (wall.name, wall.kernel_size, wall.gamma, wall.saturated) == ("wall", 35, 2.2, False)
    assert (flower.name, flower.kernel_size, flower.gamma, flower.saturated) == ("flower.v2", 25, 1.0, True)
    assert wall.sharp is wall.kernel is None
    assert flower.blurred.shape == (8, 8)


def test_kohler_and_sun(data):
    (case,) = datasets.load("kohler", data)
    assert (case.name, case.kernel_size, case.sharp.shape) == ("im04_ker10", 151, (8, 8, 3))
    cases = datasets.load("sun", data)
    assert [case.name for case in cases] == [f"im03_ker{k:02d}" for k in range(1, 9)]
    assert cases[0].blurred.shape == (10, 20)


@pytest.mark.parametrize("name", datasets.NAMES)
def test_by_the_environment_or_by_the_data_sets_own_folder(data, monkeypatch, name):
    cases = datasets.load(name, data)
    assert datasets.load(name, str(data / name)) == cases
    monkeypatch.setenv(datasets.DATA_VARIABLE, str(data))
    assert datasets.load(name) == cases
    assert isinstance(cases, tuple)


def test_cases_cost_nothing_and_travel(data):
    cases = datasets.load("levin", data)
    (data / "levin/im01_ker01.mat").write_bytes(b"")  # not read so far
    case = pickle.loads(pickle.dumps(cases[1]))
    assert np.array_equal(case.blurred, cases[1].blurred)
    with pytest.raises(AttributeError):
        case.name = "other"


def test_choosing_cases(data):
    for wanted in ("im02_ker04, im01_ker01,im02_ker04", ["im02_ker04", "im01_ker01"]):
        assert [case.name for case in datasets.load("levin", data, wanted)] == ["im02_ker04", "im01_ker01"]


@pytest.mark.parametrize("wanted", ["im01_ker09", "im01_ker01,nonsense", "", [], ["im01"], [3]])
def test_unknown_cases(data, wanted):
    with pytest.raises(InvalidInputError, match=r"such as im01_ker01, im02_ker04 \(2 in all\)"):
        datasets.load("levin", data, wanted)


@pytest.mark.parametrize("name", ["Levin", "", None, "gopro"])
def test_unknown_data_sets(data, name):
    with pytest.raises(InvalidInputError, match="should be one of levin, text, real, kohler, sun"):
        datasets.load(name, data)


@pytest.mark.parametrize("name", datasets.NAMES)
def test_data_that_is_not_there(tmp_path, monkeypatch, name):
    monkeypatch.delenv(datasets.DATA_VARIABLE, raising=False)
    with pytest.raises(InvalidInputError, match="PYDEBLUR_DATA"):
        datasets.load(name)
    with pytest.raises(InvalidInputError, match=f"should be a folder that holds {name}/"):
        datasets.load(name, tmp_path)
    with pytest.raises(InvalidInputError, match="none is not a folder"):
        datasets.load(name, tmp_path / "none")
    monkeypatch.setenv(datasets.DATA_VARIABLE, str(tmp_path / "none"))
    with pytest.raises(InvalidInputError, match="PYDEBLUR_DATA should be the folder"):
        datasets.load(name)


def test_damaged_files_are_named(data):
    (data / "levin/im01_ker01.mat").write_bytes(b"nothing")
    with pytest.raises(FileFormatError, match=r"im01_ker01.mat can't be read"):
        datasets.load("levin", data)[0].blurred  # noqa: B018
    (data / "levin/im01_ker01.mat").unlink()
    scipy.io.savemat(data / "levin/im01_ker01.mat", {"x": F})
    with pytest.raises(FileFormatError, match=r"im01_ker01.mat can't be read"):
        datasets.load("levin", data)[0].kernel  # noqa: B018
    (data / "text/gt/im01.png").unlink()
    with pytest.raises(FileFormatError, match=r"im01.png does not exist"):
        datasets.load("text", data)[0].sharp  # noqa: B018
    (data / "text/kernels/ker01_truth.png").unlink()
    with pytest.raises(FileFormatError, match=r"ker01_truth.png does not exist"):
        datasets.load("text", data)


@pytest.mark.parametrize(
    "table",
    [
        "",
        "file\tkernel_size\nwall.png\t35\n",
        "file\tkernel_size\tgamma\tsaturated\nwall.png\tlarge\t1\t0\n",
        "file\tkernel_size\tgamma\tsaturated\nwall.png\t35\n",
        "file\tkernel_size\tgamma\tsaturated\nwall.png\t34\t1\t0\n",
        "file\tkernel_size\tgamma\tsaturated\nwall.png\t" + "9" * 5000 + "\t1\t0\n",
        "file\tkernel_size\tgamma\tsaturated\nwall.png\t35\tnan\t0\n",
        "file\tkernel_size\tgamma\tsaturated\nwall.png\t35\t1\t7\n",
        "file\tkernel_size\tgamma\tsaturated\n../wall.png\t35\t1\t0\n",
        "file\tkernel_size\tgamma\tsaturated\nwall.png\t35\t1\t" + "0" * 200_000 + "\n",
    ],
    ids=lambda table: table[-20:],
)
def test_damaged_settings(data, table):
    (data / "real/settings.tsv").write_text(table)
    with pytest.raises(FileFormatError, match=r"settings.tsv should have the columns[^\n]*$") as caught:
        datasets.load("real", data)
    assert len(str(caught.value)) < 300
