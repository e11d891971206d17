"""Every table and figure on pictures made here, by the command that a user types."""

import csv

import numpy as np
import pytest

from pydeblur.backend.fft import fft_library
from pydeblur.cli.main import main
from pydeblur.datasets import load, packaged_images
from pydeblur.evaluation import protocols
from pydeblur.evaluation.methods import METHODS
from pydeblur.evaluation.protocols import Protocol, all_options, evaluate
from pydeblur.evaluation.store import Request, Task
from pydeblur.files import write_image, write_kernel
from pydeblur.metrics.kohler import kohler_psnr, surrogate_psnr
from pydeblur.reproduce import fig3a, fig3b, fig10b, fig13, figs5to8, table1, table2

pytest.importorskip("matplotlib")
pytest.importorskip("skimage")


@pytest.fixture
def reproduce(data_folder, tmp_path, capsys):
    """Run an item with further words; gives its table of cases, its Markdown, and the names of the files written."""

    def run(item, *words, code=0):
        words = ["reproduce", item, "--data", str(data_folder), "--out", str(tmp_path), "--quiet", *map(str, words)]
        assert main(words) == code
        written = [line.rsplit("/", 1)[-1] for line in capsys.readouterr().out.splitlines()]
        assert {f"{item}.csv", f"{item}.md", f"{item}.png"} <= set(written)
        for name in written:
            assert (tmp_path / name).stat().st_size > 0
        with open(tmp_path / f"{item}.csv", newline="", encoding="utf-8") as stream:
            return list(csv.DictReader(stream)), (tmp_path / f"{item}.md").read_text(encoding="utf-8"), written

    return run


def test_table1_resumes_and_shares_its_figures_with_evaluate(reproduce, data_folder, tmp_path, monkeypatch):
    rows, text, _ = reproduce("table1", "--methods", "gradient", "--subset", 2)
    assert [row["case"] for row in rows] == ["im01_ker01"] * 2 + ["im02_ker02"] * 2
    assert [row["method"] for row in rows] == ["gradient, true size", "gradient, 1.2 × the size"] * 2
    assert all(float(row["psnr"]) > 15 and float(row["kernel_cpu_seconds"]) > 0 for row in rows)
    true_size, with_room = (np.mean([float(row["psnr"]) for row in rows[first::2]]) for first in (0, 1))
    assert f"| gradient (L0 gradients) | {true_size:.2f} | {with_room:.2f} | 26.21 | Xu et al. [38] |" in text
    assert "| Ours | — | — | 28.10 |" in text and "remarks/table1.md" in text and '"lambda_l0": 0.0002' in text
    own = np.mean([float(row["own_step_psnr"]) for row in rows[::2]])
    assert f"Xu et al. [38] | {own:.2f} |" in text and "the default's own step" in text
    for row, room in zip(rows[2:], (1.0, 1.2)):
        protocol = Protocol("text", "gradient", kernel_room=room, eight_bit_grey=True)
        assert float(row["psnr"]) == evaluate(protocol, data_folder, ["im02_ker02"])["cases"][0]["psnr"]
    monkeypatch.setattr(table1, "case_figures", None)  # nothing is left to measure
    again, _, _ = reproduce("table1", "--methods", "gradient", "--subset", 2)
    assert again == rows


def test_two_processes_give_the_numbers_of_one(reproduce):
    alone, _, _ = reproduce("table1", "--methods", "gradient", "--subset", 2)
    together, text, _ = reproduce("table1", "--methods", "gradient", "--subset", 2, "--jobs", 2, "--restart")
    assert [row["psnr"] for row in alone] == [row["psnr"] for row in together]
    assert "--jobs 2" in text


def test_fig10b_with_and_without_either_prior(reproduce):
    rows, text, _ = reproduce("fig10b", "--methods", "gradient,neither", "--subset", 1)
    assert [row["method"] for row in rows] == ["gradient", "neither"]
    assert "L0 gradients only" in text and '"lambda_grad": 0.0' in text and '"lambda_grad": 0.004' in text


def test_fig10b_runs_slow_variants_on_few_cases_unless_they_are_named(reproduce, monkeypatch):
    variants = {name: fig10b.VARIANTS[name] for name in ("gradient", "null")}
    monkeypatch.setattr(fig10b, "VARIANTS", variants)
    monkeypatch.setattr(fig10b, "FEW_CASES", {"null": 1})
    rows, text, _ = reproduce("fig10b", "--subset", 2)
    assert [(row["method"], row["case"]) for row in rows] == [
        ("gradient", "im01_ker01"),
        ("null", "im01_ker01"),
        ("gradient", "im01_ker06"),
    ]
    assert "The same over the cases that all variants have (im01_ker01)" in text
    assert text.count("| L0 gradients and null prior | 1 |") == 2 and "| L0 gradients only | 2 |" in text
    rows, text, _ = reproduce("fig10b", "--subset", 2, "--methods", "null")
    assert [row["case"] for row in rows] == ["im01_ker01", "im01_ker06"] and "The same over" not in text


def test_the_solver_takes_the_classifier_without_the_gradients(sharp_image):
    import pydeblur

    result = pydeblur.estimate_kernel(
        sharp_image[20:90, 20:90],
        7,
        preset="faithful",
        lambda_grad=0,
        iterations=1,
        prior_options={"weights": "classifier-compact", "threads": 1},
        descent_steps=1,
    )
    assert np.isfinite(result.kernel).all() and result.kernel.sum() == pytest.approx(1)
    assert all(record.gradient_term == 0 and record.prior_term > 0 for record in result.history)


def test_fig3b_measures_the_true_kernel_once(reproduce, monkeypatch):
    monkeypatch.setattr(fig3b, "NONBLIND", "tv")
    rows, text, _ = reproduce("fig3b", "--methods", "gradient,intensity", "--subset", 1)
    assert [row["method"] for row in rows] == ["true kernel", "gradient", "intensity"]
    true, gradient, _ = rows
    assert float(true["error_ratio"]) == 1
    assert float(gradient["error_ratio"]) == pytest.approx(float(gradient["ssd"]) / float(true["ssd"]))
    assert "'tv'" in text


def test_epll_s_weights_are_part_of_what_a_case_stands_for():
    options = all_options(Protocol("sun", nonblind="epll"))
    assert len(options["nonblind_weights"]["weights_hash"]) == 64
    assert "weights_hash" in fig3b._task(Task(fig3b.TRUE_KERNEL, "im01_ker01", options)).options["nonblind_weights"]


def test_fig3a_names_the_surrogate_and_its_calibration(reproduce, data_folder, sharp_image):
    stored = data_folder / "kohler/results/PMP"
    stored.mkdir(parents=True, exist_ok=True)
    sharp = np.stack([sharp_image[2:108, 2:108]] * 3, axis=-1)
    write_image(stored / "Blurry2_1.png", sharp)
    rows, text, _ = reproduce("fig3a", "--methods", "gradient")
    methods = [row["method"] for row in rows]
    assert methods.count("blurred") == 2 and methods.count("gradient") == 2 and methods.count("stored PMP") == 1
    assert "psnr" not in rows[0] and float(rows[0]["surrogate_psnr"]) > 15
    for words in ("surrogate PSNR", "Calibration of the surrogate", "-0.41 dB", "29.98", "PMP, the surrogate"):
        assert words in text
    assert "1 stored pictures" in text
    (case,) = fig3a.load("kohler", data_folder, ["im01_ker01"])
    own = [float(row["own_step_psnr"]) for row in rows if row["method"] == "gradient"]
    assert f"| {np.mean(own):.2f} |" in text and "the default's own step" in text
    first = next(row for row in rows if row["method"] == "blurred")
    assert first["own_step_psnr"] == ""
    assert float(first["surrogate_psnr"]) == surrogate_psnr(case.blurred, case.sharp)


def test_stored_kernels_have_a_row_of_their_own(reproduce, stored):
    words = ("--methods", "", "--kernels", f"Cho and Lee [4]={stored}", "--kernels", f"mine={stored}")
    rows, text, _ = reproduce("table1", *words)
    assert [row["method"] for row in rows] == ["Cho and Lee [4]", "mine"] * 3
    mean = np.mean([float(row["psnr"]) for row in rows])
    assert f"| Cho and Lee [4] (stored kernels) | {mean:.2f} | — | 23.80 | Cho and Lee [4] |" in text
    assert f"| mine (stored kernels) | {mean:.2f} | — | — | — |" in text
    assert "| Cho and Lee [4] | — |" not in text and "| Ours | — | — | 28.10 |" in text
    assert "mine: 1 of 4 cases has no stored kernel and is left out: im02_ker02." in text
    assert "--kernels mine=FOLDER" in text and str(stored) not in text
    assert all(float(row["kernel_similarity"]) > 0.999 for row in rows)


def test_changed_kernels_are_scored_again(reproduce, stored):
    words = ("--methods", "", "--kernels", f"mine={stored}", "--subset", 1)
    before, _, _ = reproduce("table1", *words)
    write_kernel(stored / "im01_ker01.npy", np.ones((5, 5)))
    after, _, _ = reproduce("table1", *words)
    assert float(after[0]["psnr"]) < float(before[0]["psnr"]) - 1


def test_stored_kernels_in_the_figures(reproduce, stored, monkeypatch):
    monkeypatch.setattr(fig3b, "NONBLIND", "tv")
    words = ("--methods", "gradient", "--kernels", f"mine={stored}", "--subset", 1)
    rows, _, _ = reproduce("fig3b", *words)
    assert [row["method"] for row in rows] == ["true kernel", "gradient", "mine"]
    assert float(rows[2]["error_ratio"]) == pytest.approx(1, abs=1e-6)
    rows, text, _ = reproduce("fig10b", *words)
    assert [row["method"] for row in rows] == ["gradient", "mine"] and "mine (stored kernels)" in text
    assert float(rows[1]["error_ratio"]) == pytest.approx(1, abs=1e-6)
    rows, text, _ = reproduce("fig3a", *words)
    psnrs = {row["method"]: float(row["surrogate_psnr"]) for row in rows}
    assert psnrs["mine"] > psnrs["blurred"] + 3 and "mine (stored kernels)" in text


def test_fig3a_with_the_trajectory_s_frames_is_official(reproduce, data_folder, tmp_path, sharp_image):
    folder = tmp_path / "frames"
    folder.mkdir()
    frames = [np.stack([sharp_image[n : 106 + n, 2:108]] * 3, axis=-1) for n in (0, 2, 4)]
    for shake in (1, 2):
        for number, frame in enumerate(frames, 1):
            write_image(folder / f"GroundTruth{shake}_1_{number:03d}.png", frame)
    rows, text, _ = reproduce("fig3a", "--methods", "gradient", "--frames", folder)
    (case,) = fig3a.load("kohler", data_folder, ["im02_ker01"])
    rounded = [np.round(frame * 255) / 255 for frame in frames]
    expected = max(kohler_psnr(case.blurred, frame) for frame in rounded)
    (row,) = [row for row in rows if row["method"] == "blurred" and row["case"] == "im02_ker01"]
    assert float(row["psnr"]) == pytest.approx(expected, abs=1e-9) and "surrogate_psnr" not in row
    assert "official PSNR" in text and "surrogate" not in text.lower() and "--frames FRAMES" in text


def test_fig12_and_fig14(reproduce, monkeypatch):
    monkeypatch.setattr(packaged_images, "CAMERA_SIDE", 96)
    rows, _, _ = reproduce("fig12", "--methods", "gradient")
    assert [row["scale"] for row in rows[:5]] == ["4"] * 5 and len(rows) == 25
    assert all(0 < float(row["kernel_similarity"]) <= 1 for row in rows)
    rows, text, _ = reproduce("fig14", "--methods", "gradient")
    clean, noisy, mended = (float(row["f classifier-compact"]) for row in rows)
    assert noisy < 0.1 < 0.5 < min(clean, mended)
    assert "--median 3" in text


def test_fig13(reproduce, monkeypatch):
    monkeypatch.setattr(fig13, "ITERATIONS", 4)
    rows, text, _ = reproduce("fig13", "--methods", "gradient", "--subset", 2)
    assert [row["iteration"] for row in rows] == ["1", "2", "3", "4"] * 2
    assert float(rows[1]["energy"]) < float(rows[1]["energy_first_weights"])  # λ and μ have fallen
    assert "| gradient | kernel similarity |" in text


def test_figs5to8_write_a_sheet_for_each_figure(reproduce):
    rows, _, written = reproduce("figs5to8", "--methods", "gradient")
    assert [row["case"] for row in rows] == ["natural_a", "lowlight_b"]
    assert {"fig5_sheet.png", "fig7_sheet.png"} <= set(written) and len(written) == 5
    assert figs5to8._protocol("gradient", saturated=True).nonblind == "whyte"


def test_light_streaks_are_run_on_photographs_where_they_are_asked_for(reproduce):
    rows, _, _ = reproduce("figs5to8", "--methods", "light_streaks")
    assert [(row["method"], row["case"]) for row in rows] == [
        ("light_streaks", name) for name in ("natural_a", "lowlight_b")
    ]
    # There are no lights in them: what is refused has no figures.
    assert [row["f_after"] for row in rows] == ["", ""] and all(float(row["f_before"]) > 0 for row in rows)
    assert "light_streaks" not in METHODS


def test_table2_without_octave(reproduce, monkeypatch):
    monkeypatch.setattr(table2, "SIZES", {40: 5, 48: 5, 56: 7})
    monkeypatch.setattr(table2, "octave_available", lambda: False)
    rows, text, _ = reproduce("table2", "--methods", "gradient", "--subset", 1)
    assert [row["case"] for row in rows] == ["40² run 1", "48² run 1", "56² run 1"]
    assert "Octave is not installed" in text and "109.27" in text and "| 1.11 |" in text


@pytest.mark.octave
def test_octave_s_time():
    if not table2.octave_available():
        pytest.skip("GNU Octave is not installed")
    assert 0 < table2.octave_seconds(table2.timing_image(40), 5, "gradient") < float("inf")


@pytest.mark.parametrize(
    "words, part",
    [
        (["table1", "--methods", "magic"], "gradient, intensity"),
        (["table1", "--methods", ","], "none"),
        (["fig1", "--methods", "gradient"], "methods"),
        (["all", "--methods", "gradient"], "methods"),
        (["fig12", "--subset", "2"], "subset"),
        (["table1", "--frames", "."], "frames"),
        (["fig3a", "--frames", "no_such_folder"], "GroundTruth"),
        (["table1", "--data", "no_such_folder"], "no_such_folder"),
        (["table1", "--kernels", "mine=no_such_folder"], "no_such_folder"),
        (["table1", "--kernels", "best=."], "'best'"),
        (["fig1", "--kernels", "mine=."], "stored kernels"),
        (["all", "--kernels", "mine=."], "stored kernels"),
        (["all", "--data", "no_such_folder"], "no_such_folder"),
    ],
)
def test_bad_input_is_one_sentence_and_writes_nothing(data_folder, tmp_path, capsys, words, part):
    words = words if "--data" in words else [*words, "--data", str(data_folder)]
    assert main(["reproduce", *words, "--out", str(tmp_path / "out"), "--quiet"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("pydeblur reproduce: error: ") and error.count("\n") == 1 and part in error
    assert not [path for path in (tmp_path / "out").glob("**/*") if path.is_file()]


def test_interrupted_between_two_cases(data_folder, tmp_path, monkeypatch, capsys):
    original = table1.measure

    def interrupted(request, task):
        if task.case == "im02_ker02":
            raise KeyboardInterrupt
        return original(request, task)

    words = ["reproduce", "table1", "--data", str(data_folder), "--out", str(tmp_path)]
    words += ["--methods", "gradient", "--subset", "2"]
    monkeypatch.setattr(table1, "measure", interrupted)
    assert main([*words, "--quiet"]) == 130
    assert capsys.readouterr().err == "pydeblur reproduce: interrupted\n"
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]
    monkeypatch.setattr(table1, "measure", lambda request, task: {**original(request, task), "psnr": 40.0})
    assert main([*words, "--quiet"]) == 0
    with open(tmp_path / "table1.csv", newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [float(row["psnr"]) == 40 for row in rows] == [row["case"] == "im02_ker02" for row in rows]
    assert len(rows) == 4


def test_progress_is_shown_with_the_time_left(data_folder, tmp_path, capsys):
    words = ["--data", str(data_folder), "--out", str(tmp_path), "--methods", "gradient", "--subset", "2"]
    assert main(["reproduce", "table1", *words]) == 0
    shown = capsys.readouterr().err
    assert "table1: 100%" in shown and "4/4" in shown and ("case/s" in shown or "s/case" in shown)


@pytest.mark.needs_data
def test_all_research_data_can_be_planned_for(research_data):
    request = Request("out", data=research_data, subset=12)
    tasks = fig3a._tasks(request, {"gradient": METHODS["gradient"].protocol("kohler")})
    names = [task.case for task in tasks if task.method == "gradient"]
    assert len(names) == 12 and len({name[5:] for name in names}) == 12


def test_best_leaves_out_the_clipped_pixels_of_saturated_cases(data_folder, monkeypatch):
    seen = []
    monkeypatch.setattr(protocols.Multistart, "estimate", lambda *words, clipped=None: seen.append(clipped) or _Kernel)
    for case in load("real", data_folder):
        for name in ("gradient", "best"):
            protocols.estimate_case(figs5to8._protocol(name, case.saturated), case)
    assert [clipped is not None for clipped in seen] == [False, False, False, True]
    assert seen[-1].dtype == bool


class _Kernel:
    kernel, confidence = np.ones((1, 1)), None


def test_evaluate_case_uses_scipys_ffts(data_folder, monkeypatch):
    libraries = []
    collapsed = protocols.CaseKernel(None, 0.0)
    monkeypatch.setattr(protocols, "case_kernel", lambda *words: libraries.append(fft_library()) or collapsed)
    protocols.evaluate_case(protocols.Protocol("levin"), data_folder, "im01_ker01")
    assert libraries == ["scipy"]
