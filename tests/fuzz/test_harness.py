"""The fuzzing itself: what it blames on an input, that it finds planted faults, and that it makes the same inputs again."""

import os
import sys
import time
import warnings
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from pydeblur.errors import FileFormatError
from tests.fuzz import guarded
from tests.fuzz.campaign import Tally, found_lines, shares, table
from tests.fuzz.guarded import guarded_results
from tests.fuzz.inputs import FuzzInput, fuzz_input
from tests.fuzz.mutators import png_chunks
from tests.fuzz.outcomes import Outcome, place_input, try_reader
from tests.fuzz.seeds import png_files, tiff_files
from tests.fuzz.seeds.seed import Pixels
from tests.fuzz.targets import TARGETS, available_targets
from tests.fuzz.trusted import is_strict_png, pillow_pixels

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the guarded processes are forked")


def _reader(function):
    """A target whose reader is `function`, and whose results are all right."""
    return replace(TARGETS["bmp"], name="planted", read=function, wrong=lambda value: None, differs=None, trusted=None)


def _outcomes(monkeypatch, function, count=3):
    """What comes of inputs for a planted reader, in guarded processes."""
    target = _reader(function)
    monkeypatch.setitem(TARGETS, "planted", target)
    return [result.outcome for result in guarded_results(target, 0, range(count))]


def test_a_crash_is_blamed_on_its_input_and_the_others_are_tried(monkeypatch, tmp_path):
    flag = tmp_path / "crashed"

    def crash_once(path):
        if not flag.exists():
            flag.touch()
            os.kill(os.getpid(), 11)

    assert _outcomes(monkeypatch, crash_once) == [Outcome.CRASH, Outcome.READ, Outcome.READ]


def test_an_endless_loop_is_a_hang(monkeypatch, tmp_path):
    monkeypatch.setattr(guarded, "PROCESSOR_SECONDS", 0.5)
    flag = tmp_path / "hung"

    def hang_once(path):
        if not flag.exists():
            flag.touch()
            while True:
                pass

    assert _outcomes(monkeypatch, hang_once, 2) == [Outcome.HANG, Outcome.READ]


def test_waiting_without_end_is_a_hang(monkeypatch, tmp_path):
    monkeypatch.setattr(guarded, "CLOCK_SECONDS", 0.5)
    flag = tmp_path / "waited"

    def wait_once(path):
        if not flag.exists():
            flag.touch()
            time.sleep(1000)

    assert _outcomes(monkeypatch, wait_once, 2) == [Outcome.HANG, Outcome.READ]


def test_memory_that_is_used_is_found(monkeypatch):
    monkeypatch.setattr(guarded, "MEMORY_BYTES", 100 << 20)
    assert _outcomes(monkeypatch, lambda path: np.ones(200 << 20, np.uint8), 1) == [Outcome.MEMORY]


def test_lines_that_a_library_prints_are_found(monkeypatch):
    assert _outcomes(monkeypatch, lambda path: os.write(2, b"noise\n"), 2) == [Outcome.PRINTED] * 2


def _raise(error):
    raise error


def _warn(category, message):
    warnings.warn(message, category, stacklevel=2)


@pytest.mark.parametrize(
    "reader, expected",
    [
        (lambda path: _raise(FileFormatError("the file is damaged.")), Outcome.REFUSED),
        (lambda path: _raise(FileFormatError("two\nlines")), Outcome.POOR_MESSAGE),
        (lambda path: _raise(FileFormatError("x" * 300)), Outcome.POOR_MESSAGE),
        (lambda path: _raise(KeyError("x")), Outcome.FOREIGN_EXCEPTION),
        (lambda path: _raise(RecursionError()), Outcome.FOREIGN_EXCEPTION),
        (lambda path: _warn(UserWarning, "odd"), Outcome.FOREIGN_WARNING),
        (lambda path: sys.exit(3), Outcome.FOREIGN_EXCEPTION),
        (lambda path: path, Outcome.READ),
    ],
)
def test_what_is_said_is_judged(tmp_path, reader, expected):
    path = place_input(TARGETS["bmp"], FuzzInput(b"BM", ".bmp", ""), tmp_path)
    assert try_reader(_reader(reader), FuzzInput(b"BM", ".bmp", ""), path)[0] == expected


def test_memory_that_could_not_be_had_is_found_behind_a_refusal(tmp_path):
    def refuse(path):
        try:
            raise MemoryError("Unable to allocate 9 PiB")
        except MemoryError as error:
            raise FileFormatError("it is too large.") from error

    assert try_reader(_reader(refuse), FuzzInput(b"", ".bmp", ""), tmp_path)[0] == Outcome.MEMORY


def test_a_valid_file_may_not_be_refused_and_missing_rows_not_be_passed_over(tmp_path):
    refuse = _reader(lambda path: _raise(FileFormatError("no.")))
    assert try_reader(refuse, FuzzInput(b"", ".bmp", "", valid=True), tmp_path)[0] == Outcome.REFUSED_VALID
    read = _reader(lambda path: path)
    assert try_reader(read, FuzzInput(b"", ".bmp", "", lacks_pixels=True), tmp_path)[0] == Outcome.SILENT_LOSS


def test_other_pixels_than_expected_are_found(tmp_path):
    seed = next(seed for seed in map(png_files.random_png, _generators()) if seed.expected.alpha is None)
    wrong = Pixels(np.clip(1 - seed.expected.values, 0, 1), None)
    fuzz = FuzzInput(seed.data, ".png", "", wrong, valid=True)
    target = TARGETS["png"]
    assert try_reader(target, fuzz, place_input(target, fuzz, tmp_path))[0] == Outcome.DIFFERENT


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_the_same_number_makes_the_same_input(name):
    target = available_targets().get(name) or pytest.skip("its library is not installed")
    first = [fuzz_input(target, 3, number) for number in range(20)]
    assert [each.data for each in first] == [fuzz_input(target, 3, number).data for number in range(20)]
    assert len({each.data for each in first}) > 10
    assert [each.data for each in first] != [fuzz_input(target, 4, number).data for number in range(20)]


def _generators():
    return (np.random.default_rng(number) for number in range(200))


def test_pngs_of_the_encoder_are_what_pillow_decodes(tmp_path):
    compared = 0
    for rng in _generators():
        seed = png_files.random_png(rng)
        path = tmp_path / "picture.png"
        path.write_bytes(seed.data)
        with Image.open(path) as picture:
            # Pillow reads 16-bit colour as 8 bits, and takes a transparent grey for one of 8 bits.
            if picture.mode not in ("L", "RGB", "RGBA", "LA", "P", "1") or seed.data[24] == 16:
                continue
        decoded = pillow_pixels(seed.data)
        grey = seed.expected.values.ndim == 2
        values = decoded.values if grey == (decoded.values.ndim == 2) else decoded.values[..., 0]
        assert np.allclose(values, seed.expected.values, atol=1e-9), seed.name
        compared += 1
    assert compared > 50


def test_tiffs_are_what_their_reader_finds():
    import io

    import tifffile

    for rng in _generators():
        seed = tiff_files.random_tiff(rng)
        samples = tifffile.imread(io.BytesIO(seed.data))
        assert samples.size == seed.expected.values.size + (
            0 if seed.expected.alpha is None else seed.expected.alpha.size
        )


def test_strict_reading_of_pngs_refuses_what_is_damaged():
    grey = np.arange(12).reshape(3, 4, 1)
    data = png_files.encode(grey, png_files.GREY, 8)
    assert is_strict_png(data)
    assert not is_strict_png(data[:-1]) and not is_strict_png(data[:40] + b"\0" + data[41:])
    without_rows = png_chunks.joined(part for part in png_chunks.chunks(data) if part[0] != b"IDAT")
    assert not is_strict_png(without_rows)


def test_shares_follow_the_weights():
    targets = available_targets()
    numbers = shares(targets, 10000)
    assert numbers["png"] > 2 * numbers["bmp"] and abs(sum(numbers.values()) - 10000) < len(targets)


def test_findings_of_a_kind_are_one_line_with_a_command():
    tally = Tally()
    for number in range(3):
        tally.add(guarded.Result(number, Outcome.CRASH, f"signal 11 at {number}"))
    tally.add(guarded.Result(9, Outcome.READ, ""))
    (line,) = found_lines({"mat": tally}, 5)
    assert line.startswith("mat: 3 × crash: signal # at #") and "--seed 5 --show 'mat:0'" in line
    assert table({"mat": tally}).splitlines()[2] == "| mat | 4 | 1 | 0 | 0 | 3 | 3 |"
