"""Files of torch.save: what PyTorch has written comes back, and nothing but tensors and plain values does."""
# ruff: noqa: E402

import io
import pickle
import zipfile
from collections import OrderedDict

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from pydeblur.errors import FileFormatError
from pydeblur.training.torch_archive import read_tensors
from pydeblur.training.torch_run import TorchCheckpoints


def members_of(value, **options):
    stream = io.BytesIO()
    torch.save(value, stream, **options)
    archive = zipfile.ZipFile(stream)
    return {name: archive.read(name) for name in archive.namelist()}


def with_pickle(members, change):
    return {name: change(content) if name.endswith("data.pkl") else content for name, content in members.items()}


def test_tensors_and_plain_values_come_back():
    base = torch.arange(12.0).reshape(3, 4)
    value = {
        "double": torch.rand(2, 3, dtype=torch.float64),
        "whole": torch.arange(4),
        "part": base[:, 1:3],
        "transposed": base.T,
        "number": torch.tensor(3.0),
        "none": torch.zeros(0),
        "plain": [1, -(2**40), 0.5, None, True, "blurré", (1, [2]), {"a": {}}],
        7: OrderedDict(a=torch.ones(1)),
    }
    found = read_tensors(members_of(value))
    assert found.keys() == value.keys() and found["plain"] == value["plain"] and type(found[7]) is dict
    for name in ("double", "whole", "part", "transposed", "number", "none"):
        assert found[name].dtype == value[name].dtype and torch.equal(found[name], value[name])


def test_an_optimiser_and_a_network_come_back():
    network = torch.nn.Conv2d(1, 2, 3)
    optimizer = torch.optim.Adam(network.parameters())
    network(torch.rand(1, 1, 5, 5)).sum().backward()
    optimizer.step()
    found = read_tensors(members_of({"network": network.state_dict(), "optimizer": optimizer.state_dict()}))
    assert all(torch.equal(found["network"][name], value) for name, value in network.state_dict().items())
    other = torch.optim.Adam(network.parameters())
    other.load_state_dict(found["optimizer"])
    assert torch.equal(other.state_dict()["state"][0]["exp_avg"], optimizer.state_dict()["state"][0]["exp_avg"])


class Malicious:
    def __reduce__(self):
        return bytearray, (10**9,)


@pytest.mark.parametrize(
    "value",
    [Malicious(), {1.5: 2}, {(1, 2): 3}, torch.device("cpu"), torch.float32, np.float64(3), {1, 2}, 1j, b"bytes", 2**80, "\ud800",
     torch.eye(2).to_sparse()],
    ids=lambda value: str(type(value)),
)  # fmt: skip
def test_other_values_are_refused(value):
    with pytest.raises(ValueError, match=r"^[^\n]*$"):
        read_tensors(members_of({"value": value}))


def nested(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value


def doubled(levels):
    """A value of a few hundred bytes, which is huge to whoever goes through it."""
    value = ["x"]
    for _ in range(levels):
        value = [value, value]
    return value


@pytest.mark.parametrize("value", [nested(100), doubled(30)], ids=["deep", "doubled"])
def test_deep_and_repeated_values_are_refused(value):
    with pytest.raises(ValueError, match="nested too deeply or has too many values"):
        read_tensors(members_of(value))


def test_a_pickle_that_is_nested_more_deeply_than_python_s_stack():
    pickled = b"\x80\x02" + b"]" * 200_000 + b"a" * 199_999 + b"."
    with pytest.raises(ValueError, match=r"^[^\n]*$"):
        read_tensors(with_pickle(members_of([]), lambda _: pickled))


def test_a_tensor_of_more_numbers_than_the_file_has_is_refused():
    members = members_of({"a": torch.zeros(36)})
    # 36 is the length of the storage, then of the tensor.
    assert members["archive/data.pkl"].count(b"K\x24") == 2
    huge = b"J" + (10**9).to_bytes(4, "little")
    with pytest.raises(ValueError, match=r"^[^\n]*$"):
        read_tensors(with_pickle(members, lambda content: content.replace(b"K\x24", huge)))
    # A tensor may name one number of the storage many times.
    repeated = members_of({"a": torch.zeros(1).expand(10**6)})
    with pytest.raises(ValueError, match="as many numbers as it says"):
        read_tensors(repeated)


def test_what_hides_a_dict_s_methods_is_left_out():
    state = OrderedDict(a=1)
    state.itemz = "text"
    members = with_pickle(members_of({"state": state}), lambda content: content.replace(b"itemz", b"items"))
    assert read_tensors(members) == {"state": {"a": 1}}


def test_archives_that_torch_has_not_written():
    members = members_of([1])
    without = {name: content for name, content in members.items() if not name.endswith("data.pkl")}
    for bad in (
        {},
        without,
        {**members, "other/version": b"3"},
        {"data.pkl": b"."},
        {**members, "archive/version": b"x"},
    ):
        with pytest.raises(ValueError, match=r"^[^\n]*$"):
            read_tensors(bad)
    # Members that PyTorch does not need, such as a program's, do not reach it.
    assert read_tensors({**members, "archive/code/run.py": b"import os", "archive/constants.pkl": b"."}) == [1]


def test_the_format_before_archives_is_refused(tmp_path):
    torch.save({"a": torch.ones(3)}, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    (tmp_path / "pickle.pt").write_bytes(pickle.dumps({"a": 1}))
    for name in ("old", "pickle"):
        with pytest.raises(FileFormatError, match=rf"^'[^']*{name}.pt' should be a checkpoint[^\n]*no archive[^\n]*$"):
            TorchCheckpoints().read(tmp_path / f"{name}.pt")


def test_compressed_archives_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members_of({"a": torch.zeros(10**6)}).items():
            archive.writestr(name, content)
    with pytest.raises(FileFormatError, match="should be a checkpoint.*should unpack to at most"):
        TorchCheckpoints().read(tmp_path / "a.pt")


def test_tensors_do_not_share_their_numbers():
    base = torch.arange(6.0)
    found = read_tensors(members_of({"a": base, "b": base, "overlapping": base.as_strided((2, 2), (1, 1))}))
    found["a"].zero_()
    assert torch.equal(found["b"], base)
    found["overlapping"].mul_(2)
    assert found["overlapping"].tolist() == [[0, 2], [2, 4]]
