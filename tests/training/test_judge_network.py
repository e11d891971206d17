"""The judge's training: cases with known errors, a loss that prefers the right order, and a run that can be resumed."""

import csv

import numpy as np
import pytest

from pydeblur.errors import FileFormatError, InvalidInputError, KernelCollapseError
from pydeblur.files import write_image
from pydeblur.judge import LAMBDA_TV
from pydeblur.nonblind.tv import deconvolve_tv
from pydeblur.presets import preset_named
from pydeblur.solver import CoarseToFine, SolverOptions
from pydeblur.training import random_kernel, restorations
from pydeblur.training.images import split_of
from pydeblur.training.restorations import (
    CELLS,
    POINT,
    SIDE,
    TRUE,
    Restorations,
    candidate_runs,
    lap_iterations,
    make_restorations,
    restorations_of,
)
from pydeblur.training.synthesis import blur

data = pytest.importorskip("skimage.data")
QUICK = {"first": ("gradient", {}, {"iterations": 1}), "other": ("gradient", {}, {"iterations": 1, "lambda_grad": 8e-3})}


@pytest.fixture
def quick(monkeypatch):
    """Two short runs in place of the preset's, which end where they are."""
    monkeypatch.setattr(restorations, "candidate_runs", lambda kernel_size: QUICK)
    monkeypatch.setattr(restorations, "lap_iterations", lambda kernel_size: [])


@pytest.fixture(scope="module")
def camera():
    return data.camera() / 255


@pytest.fixture
def pictures(tmp_path, camera):
    """A folder of parts of a picture, some in either split, and one that is too small."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(12):
        write_image(folder / f"picture{number}.png", camera[10 * number :, : 500 - 10 * number][:350])
    write_image(folder / "small0.png", camera[:100, :100])
    splits = [split_of(path) for path in folder.iterdir()]
    assert {"train", "validation"} <= set(splits)
    return folder


def case_blurred(camera, noise=0.01):
    return blur(camera[100 : 100 + SIDE + 12, 100 : 100 + SIDE + 12], random_kernel(13, 4), noise, 0, boundary="valid").astype(float)


def _case(camera, noise=0.01):
    kernel, blurred = random_kernel(13, 4), case_blurred(camera, noise)
    return restorations_of("camera", camera[106 : 106 + SIDE, 106 : 106 + SIDE], blurred, kernel, 15, noise, np.random.default_rng(5))


def test_a_case(quick, camera, tmp_path):
    case = _case(camera)
    assert case.runs == (TRUE, POINT, "first", "other") and case.is_candidate.tolist() == [False, False, True, True]
    assert case.images.shape == (4, 8 * CELLS, 8 * CELLS) and case.errors.shape == (4, CELLS, CELLS)
    assert case.ratios[0] == 1 and case.ratios[1] > 1
    inner = case.errors[:, 4:-4, 4:-4]
    # The point leaves the image as it is, more or less; the true kernel's errors are small nearly everywhere.
    assert np.all(np.isfinite(inner)) and inner[0].mean() < 0.5 * inner[1].mean()
    assert np.isnan(case.errors[0, 0]).all()
    case.save(tmp_path / "case.npz")
    read = Restorations.load(tmp_path / "case.npz")
    assert (read.name, read.runs, read.noise, read.kernel_size) == ("camera", case.runs, 0.01, 15)
    assert np.array_equal(read.images, case.images) and np.array_equal(read.errors, case.errors, equal_nan=True)
    assert [path.name for path in tmp_path.iterdir()] == ["case.npz"]


def test_errors_lie_where_the_restored_image_has_them(monkeypatch, camera):
    """A kernel whose centre is off shifts the image: its errors go with it."""
    monkeypatch.setattr(restorations, "candidate_runs", lambda kernel_size: {"off": ("gradient", {}, {})})
    off = np.pad(random_kernel(13, 4), ((16, 0), (8, 8)))[:29, :29]
    monkeypatch.setattr(restorations, "_kernels_on_the_way", lambda *others: {"off": off})
    case = _case(camera, 0.0)
    assert case.ratios[2] == pytest.approx(1, abs=0.3)
    true, off = (np.log(case.errors[number, 4:-4, 4:-4]) for number in (0, 2))
    # By 8 pixels in the rows: one square.
    assert np.corrcoef(true[1:].ravel(), off[:-1].ravel())[0, 1] > 0.8 > np.corrcoef(true.ravel(), off.ravel())[0, 1]


def test_cases_without_a_kernel_are_none(monkeypatch, camera):
    def collapse(*others):
        raise KernelCollapseError("nothing left")

    monkeypatch.setattr(CoarseToFine, "advance_to", collapse)
    assert _case(camera) is None


def test_the_laps_are_the_presets():
    assert lap_iterations(15) == [lap.iterations for lap in preset_named("best").laps] != []
    assert lap_iterations(45) == [lap.iterations for lap in preset_named("best").wide.laps]


def test_some_runs_go_on(quick, monkeypatch, camera):
    monkeypatch.setattr(restorations, "lap_iterations", lambda kernel_size: [1, 2, 3])
    monkeypatch.setattr(restorations, "_GOING_ON", 1)
    case = _case(camera)
    (run,) = {name.split(",")[0] for name in case.runs if "finest" in name}
    assert [name for name in case.runs if "finest" in name] == [f"{run}, {number} at the finest scale" for number in (2, 3)]
    assert case.is_candidate.tolist() == [False, False, True, True, True, True] and len(set(case.ratios)) == 6
    straight = CoarseToFine(case_blurred(camera), SolverOptions(15, **QUICK[run][2], finest_iterations=3))
    straight.advance_to(0)
    restored = deconvolve_tv(case_blurred(camera), straight.result().kernel, lambda_tv=LAMBDA_TV)
    found = case.images[case.runs.index(f"{run}, 3 at the finest scale")]
    assert np.array_equal(found, restored[: 8 * CELLS, : 8 * CELLS].astype(np.float16))


def test_the_candidates_are_the_presets():
    narrow, wide = candidate_runs(15), candidate_runs(45)
    assert "paper's values" in narrow and "paper's values" not in wide
    assert len(narrow) == 7 and len(wide) == 8 and set(narrow) - {"paper's values"} <= set(wide)


def test_cases_are_the_same_again_and_made_once(quick, pictures, tmp_path):
    made = []
    first = make_restorations(pictures, tmp_path / "cases", 2, progress=made.append)
    assert made == first and len(first) == 2
    kept = [path.read_bytes() for path in first]
    assert make_restorations(pictures, tmp_path / "cases", 2, progress=made.append) == first and len(made) == 2
    again = make_restorations(pictures, tmp_path / "again", 2)
    for one, two in zip(map(Restorations.load, first), map(Restorations.load, again)):
        assert one.name == two.name and np.array_equal(one.images, two.images)
    assert [path.read_bytes() for path in first] == kept
    (other,) = make_restorations(pictures, tmp_path / "validation", 1, "validation")
    names = {Restorations.load(path).name for path in first}
    assert Restorations.load(other).name not in names and not any("small" in name for name in names)


def test_images_that_are_too_small_are_refused(tmp_path, camera):
    for number in range(12):
        write_image(tmp_path / f"picture{number}.png", camera[:200, :200])
    with pytest.raises(InvalidInputError, match="at least 316"):
        make_restorations(tmp_path, tmp_path / "cases", 1)


def test_no_case_is_said_so(tmp_path):
    (tmp_path / "case.npz").write_text("nothing")
    with pytest.raises(FileFormatError, match="case.npz"):
        Restorations.load(tmp_path / "case.npz")


class TestTraining:
    """With PyTorch."""

    @pytest.fixture(autouse=True)
    def _torch(self):
        self.torch = pytest.importorskip("torch")
        from pydeblur.training import judge_network

        self.module = judge_network

    def test_a_classifier_gets_a_new_question_and_a_judge_goes_on(self, tmp_path):
        from pydeblur.priors.classifier.weights_file import read_weights

        for name, keeps in (("judge", True), ("classifier-compact", False)):
            weights = read_weights(name)
            run = self.module._Run(tmp_path, weights, 1, 0)
            state, kept = run.network.state_dict(), []
            for key, value in weights.parameters.items():
                kept.append(np.array_equal(state[key].numpy(), value))
            assert kept.count(False) == (0 if keeps else 2)
            assert run.training["started_from"] == weights.sha256
            before = {key: value.clone() for key, value in state.items()}
            with self.torch.no_grad():
                for value in run.average.parameters():
                    value += 1
            run.publish()
            for key, value in run.published.state_dict().items():
                self.torch.testing.assert_close(value, before[key] + (0.5 if keeps else 1))

    def test_the_loss_prefers_the_right_order(self):
        torch = self.torch
        errors = torch.exp(torch.tensor([[-6.0, -4.0], [-3.0, -2.0]]))[:, None].repeat(1, 3, 1)
        errors[0, 0, 0] = torch.nan
        right = torch.log(errors.nan_to_num(1.0))
        exact, shifted, swapped = (self.module.judge_loss(maps, errors) for maps in (right, right + 1, right.flip(0)))
        assert exact < 0.05 and exact < shifted < swapped
        assert torch.isfinite(swapped)

    def test_a_network_that_knows_has_no_regret(self, quick, camera, tmp_path):
        case = _case(camera)
        case.save(tmp_path / "case.npz")
        best, worst = np.argmin(case.ratios[2:]), np.argmax(case.ratios[2:])
        lost = abs(np.diff(np.log(case.ratios[2:]))[0])
        for chosen, wanted in ((best, 0.0), (worst, lost)):

            class Network:
                def activation_map(_, images, chosen=chosen):
                    maps = self.torch.ones(len(images), 1, CELLS, CELLS)
                    maps[chosen, :, 5, 5] = -1
                    return maps

            found = self.module.regret(Network(), [tmp_path / "case.npz"])
            assert found == pytest.approx((wanted, np.log(case.ratios[2] / case.ratios[2:].min())))

    def test_resumed_training_ends_the_same(self, quick, camera, tmp_path):
        paths = []
        for number, noise in enumerate((0.01, 0.0)):
            paths.append(tmp_path / f"{number}.npz")
            _case(camera, noise).save(paths[-1])
        words = {"steps": 6, "save_every": 3, "progress": False}
        whole = self.module.train_judge(paths, paths[:1], tmp_path / "whole", **words)
        checkpoint = self.torch.load(whole, weights_only=True)
        assert checkpoint["training"]["answers"] == "log error" and checkpoint["training"]["cases"] == 2
        run = self.module._Run
        interrupted, save = tmp_path / "interrupted", run.save

        def stop(own, *others):
            save(own, *others)
            raise KeyboardInterrupt

        with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(run, "save", stop)
            self.module.train_judge(paths, paths[:1], interrupted, **words)
        again = self.torch.load(self.module.train_judge(paths, paths[:1], interrupted, resume=True, **words), weights_only=True)
        for name, value in checkpoint["state_dict"].items():
            assert self.torch.equal(value, again["state_dict"][name])
        logs = [list(csv.DictReader((folder / "log.csv").open())) for folder in (tmp_path / "whole", interrupted)]
        assert [row["step"] for row in logs[0]] == [row["step"] for row in logs[1]] == ["3", "6"]
        with pytest.raises(InvalidInputError, match="resume"):
            self.module.train_judge(paths, paths[:1], interrupted, resume=True, **{**words, "steps": 7})
        with pytest.raises(InvalidInputError, match="cases"):
            self.module.train_judge([], paths, tmp_path / "none", **words)
        with pytest.raises(FileFormatError, match="last.pt"):
            self.module.train_judge(paths, paths, tmp_path / "missing", resume=True, **words)

    def test_the_command_and_its_export(self, quick, pictures, tmp_path, capsys):
        from pydeblur.cli.main import main
        from pydeblur.priors.classifier.weights_file import read_weights

        run = tmp_path / "run"
        words = ["train-judge", "--data", pictures, "--out", run, "--cases", 1, "--validation-cases", 1, "--steps", 2]
        assert main(list(map(str, words))) == 0
        assert capsys.readouterr().out.strip() == str(run / "last.pt")
        assert main(["export", str(run / "last.pt"), "-o", str(tmp_path / "own.onnx")]) == 0
        assert read_weights(tmp_path / "own.onnx").metadata["answers"] == "log error"
        capsys.readouterr()
        assert main(["train-judge", "--data", str(tmp_path / "nowhere"), "--out", str(run)]) == 2
        assert "nowhere" in capsys.readouterr().err
