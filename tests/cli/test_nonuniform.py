"""``--nonuniform`` at the shell: deblur, kernel, deconv, batch and synth, and what they refuse."""

import numpy as np
import pytest

import pydeblur as package
from pydeblur.cli.nonuniform_arguments import focal_length_of_file
from pydeblur.files import ImageFile, exif, read_image, read_kernel, write_image
from pydeblur.files.metadata import Metadata
from pydeblur.nonuniform import KernelGridBlur, PoseBlur, estimate, read_blur, write_blur
from pydeblur.nonuniform.choose import ModelChoice
from pydeblur.nonuniform.shake import shaken_case
from pydeblur.nonuniform.single_kernel import grid_of_kernel

QUICK = ("--kernel-size", 9, "--iterations", 1, "--quiet")


@pytest.fixture(scope="module")
def shaken(sharp_image):
    return shaken_case(sharp_image, 3, roll=(2, 4), extent=(5, 9), way=(1, 3))


@pytest.fixture
def turned(shaken, tmp_path):
    """A grey PNG of a camera that turned."""
    path = tmp_path / "turned.png"
    write_image(path, shaken.blurred)
    return path


@pytest.fixture
def one_kernel_wins(monkeypatch):
    choice = ModelChoice(False, "one kernel is taken, since the test wants it", -6.0, -5.0, 4.0)
    monkeypatch.setattr(estimate, "choose_model", lambda *_, **__: choice)


def with_focal_length(millimetres):
    """EXIF data with a 35-mm equivalent."""
    entry = exif.short_entry(millimetres)
    return exif.extended(None, {0x8769: {0xA405: entry}})


def test_deblur_kernel_and_deconv_make_one_another(pydeblur, turned, tmp_path):
    whole, blur, again, pieces = (tmp_path / name for name in ("whole.png", "a.npz", "b.npz", "pieces.png"))
    drawings = ("--kernel-grid-out", tmp_path / "grid.png", "--poses-out", tmp_path / "poses.png")
    words = ("--nonuniform", "on", *QUICK)
    assert pydeblur("deblur", turned, "-o", whole, "--kernel-out", blur, *drawings, *words) == (0, "", "")
    assert pydeblur("kernel", turned, "-o", again, *words) == (0, "", "")
    assert pydeblur("deconv", turned, blur, "-o", pieces, "--quiet").code == 0
    np.testing.assert_array_equal(read_blur(blur).weights, read_blur(again).weights)
    assert np.abs(read_image(whole).pixels - read_image(pieces).pixels).max() <= 1 / 255 + 1e-9
    expected = package.deblur(read_image(turned).pixels, 9, nonuniform=True, iterations=1)
    np.testing.assert_array_equal(read_blur(blur).weights, expected.nonuniform.blur.weights)
    assert read_image(tmp_path / "grid.png").pixels.shape == (*read_image(turned).pixels.shape, 3)
    assert read_image(tmp_path / "poses.png").pixels.ndim == 3


def test_a_png_for_the_kernel_is_the_drawing(pydeblur, turned, tmp_path):
    words = ("--nonuniform", "on", "--kernel-grid-out", tmp_path / "grid.png", *QUICK)
    assert pydeblur("kernel", turned, "-o", tmp_path / "k.png", *words).code == 0
    np.testing.assert_array_equal(read_image(tmp_path / "k.png").pixels, read_image(tmp_path / "grid.png").pixels)


@pytest.mark.usefixtures("one_kernel_wins")
def test_where_one_kernel_wins_the_files_hold_it(pydeblur, turned, tmp_path):
    words = ("--kernel-size", 9, "--iterations", 1, "--prior", "gradient")
    outputs = ("--kernel-grid-out", tmp_path / "grid.png", "--poses-out", tmp_path / "poses.png")
    auto = (turned, "--nonuniform", "auto", *words)
    outcome = pydeblur("deblur", *auto, "-o", tmp_path / "a.png", "--kernel-out", tmp_path / "k.npz", *outputs)
    assert outcome.code == 0 and "one kernel is taken, since the test wants it" in outcome.err
    assert pydeblur("kernel", turned, "-o", tmp_path / "k.npy", *words).code == 0
    blur = read_blur(tmp_path / "k.npz")
    assert isinstance(blur, KernelGridBlur)
    np.testing.assert_allclose(blur.kernels[0, 0], np.load(tmp_path / "k.npy"), atol=1e-15)
    for kernel in ("k.npz", "k.npy"):
        assert pydeblur("deconv", turned, tmp_path / kernel, "-o", tmp_path / f"{kernel}.png").code == 0
    assert (tmp_path / "k.npz.png").read_bytes() == (tmp_path / "k.npy.png").read_bytes()
    assert pydeblur("kernel", *auto, "-o", tmp_path / "k.png").code == 0
    assert read_kernel(tmp_path / "k.png").shape == (9, 9)


@pytest.mark.parametrize("nonblind", ["tv", "hyper-laplacian", "whyte"])
def test_a_grid_of_kernels_deblurs(pydeblur, turned, tmp_path, nonblind):
    kernels = np.zeros((1, 2, 5, 5))
    kernels[0, 0, 2] = kernels[0, 1, :, 2] = 1
    shape = read_image(turned).pixels.shape
    write_blur(tmp_path / "grid.npz", KernelGridBlur(kernels, [30.0], [20.0, 80.0], shape))
    words = ("-o", tmp_path / "o.png", "--nonblind", nonblind, "--quiet")
    assert pydeblur("deconv", turned, tmp_path / "grid.npz", *words).code == 0
    assert read_image(tmp_path / "o.png").pixels.shape == shape


def test_batch_writes_each_blur(pydeblur, turned, tmp_path):
    out = tmp_path / "out"
    words = ("--nonuniform", "on", "--kernels", *QUICK)
    assert pydeblur("batch", turned, "-o", out, *words).code == 0
    assert {path.name for path in out.iterdir()} == {"turned.png", "turned_blur.npz"}
    assert isinstance(read_blur(out / "turned_blur.npz"), PoseBlur)
    assert "1 were there already" in pydeblur("batch", turned, "-o", out, *words).out


def test_the_focal_length_is_that_of_the_exif_data(pydeblur, shaken, tmp_path):
    path = tmp_path / "photo.png"
    metadata = Metadata(exif=with_focal_length(50))
    write_image(path, shaken.blurred, like=ImageFile(shaken.blurred, metadata=metadata))
    diagonal = np.hypot(*shaken.blurred.shape)
    assert focal_length_of_file(read_image(path)) == pytest.approx(50 / np.hypot(36, 24) * diagonal)
    words = ("-o", tmp_path / "b.npz", "--nonuniform", "on", "--poses", "rotations", *QUICK[:-1])
    outcome = pydeblur("kernel", path, *words)
    assert outcome.code == 0 and "from the EXIF data" in outcome.err
    assert read_blur(tmp_path / "b.npz").poses.focal_length == pytest.approx(50 / np.hypot(36, 24) * diagonal)
    assert pydeblur("kernel", path, *words, "--focal-length", 700).code == 0
    assert read_blur(tmp_path / "b.npz").poses.focal_length == 700


@pytest.mark.parametrize("millimetres, expected", [(0, None), (35, 35)])
def test_an_unknown_focal_length_is_none(millimetres, expected):
    assert exif.focal_length_35mm(with_focal_length(millimetres)) == expected
    artist = exif.extended(None, {exif.ARTIST: exif.text_entry("A. Nobody")})
    assert exif.focal_length_35mm(artist) is None


def test_pillow_writes_the_focal_length_that_is_read():
    from PIL import Image

    written = Image.Exif()
    written.get_ifd(0x8769)[0xA405] = 28
    assert exif.focal_length_35mm(written.tobytes()[6:]) == 28


def test_synth_writes_pictures_and_their_truth(pydeblur, sharp_image, tmp_path, monkeypatch):
    monkeypatch.delenv("PYDEBLUR_DATA", raising=False)
    scene = tmp_path / "scene.png"
    write_image(scene, sharp_image)
    words = ("--nonuniform", "--image", scene, "--seed", 5, "--count", 2, "--roll", "2,4", "--size", "5,9")
    outcome = pydeblur("synth", *words, "-o", tmp_path / "a")
    assert outcome.code == 0 and outcome.out.count("--kernel-size") == 2
    names = {f"scene_{number}_{end}" for number in (1, 2) for end in ("blurred.png", "sharp.png", "blur.npz")}
    assert {path.name for path in (tmp_path / "a").iterdir()} == names
    case = shaken_case(read_image(scene).pixels, 5, roll=(2, 4), extent=(5, 9))
    np.testing.assert_allclose(read_image(tmp_path / "a/scene_1_blurred.png").pixels, case.blurred, atol=1e-6)
    assert pydeblur("synth", *words, "-o", tmp_path / "b").code == 0
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    deblurred = tmp_path / "o.png"
    known = (tmp_path / "a/scene_1_blurred.png", tmp_path / "a/scene_1_blur.npz")
    assert pydeblur("deconv", *known, "-o", deblurred, "--nonblind", "tv", "--quiet").code == 0
    errors = [np.std((read_image(path).pixels - case.sharp)[12:-12, 12:-12]) for path in (known[0], deblurred)]
    assert errors[1] < errors[0]


REFUSED = [
    ("deblur turned.png -o o.png --kernel-size 9 --nonuniform on --focal-length 0", "focal-length"),
    ("deblur turned.png -o o.png --kernel-size 9 --nonuniform on --focal-length nan", "focal-length"),
    ("deblur turned.png -o o.png --kernel-size 9 --nonuniform yes", "nonuniform"),
    ("deblur turned.png -o o.png --kernel-size 9 --poses rotations", "belongs to --nonuniform"),
    ("deblur turned.png -o o.png --kernel-size 9 --poses-out p.png", "belongs to --nonuniform"),
    ("deblur turned.png -o o.png --kernel-size 9 --nonuniform on --kernel-out k.tif", "should be .npz, or .png"),
    ("deblur turned.png -o o.png --kernel-size 9 --nonuniform on --poses-out o.png", "different files"),
    ("deblur turned.png -o o.png --kernel-size 9 --nonuniform on --poses-out turned.png", "is a file that is read"),
    ("deblur turned.png -o o.png --kernel-size 9 --nonuniform on --kernel-grid-out g.npz", "g.npz"),
    ("deblur turned.png -o o.png --kernel-size 9 --nonuniform on --nonblind epll", "not epll"),
    ("deblur turned.png -o o.png --kernel-size 9 --nonuniform on --method cho_lee", "cho_lee"),
    ("deblur turned.png -o o.png --kernel-size 9 --nonuniform on --ranking-weights kernel-ranking", "ranking-weights"),
    ("deblur turned.png -o o.png --kernel-size 61 --nonuniform on", "smaller than a patch"),
    ("kernel turned.png -o k.npy --kernel-size 9 --nonuniform on", "should be .npz, or .png"),
    ("kernel turned.png -o k.npz --kernel-size 9", "npz"),
    ("deconv turned.png other.npz -o o.png", "the blur is for a picture of 40x50 pixels"),
    ("deconv turned.png one.npz -o o.png", "the blur is for a picture of 40x50 pixels"),
    ("deconv turned.png other.npz -o o.png --nonblind l0", "not l0"),
    ("deconv turned.png missing.npz -o o.png", "missing.npz"),
    ("deconv turned.png plain.npz -o o.png", "plain.npz holds no non-uniform blur"),
    ("deconv turned.png negative.npz -o o.png", "negative.npz"),
    ("deconv turned.png empty.npz -o o.png", "empty.npz"),
    ("batch turned.png -o out --kernel-size 9 --nonuniform on --method cho_lee", "cho_lee"),
    ("batch turned.png -o out --kernel-size 9 --nonuniform on --nonblind epll", "not epll"),
    ("batch turned.png -o out --kernel-size 9 --pose-step 1", "belongs to --nonuniform"),
    ("synth -o o.png", "--data"),
    ("synth --roll 1,2 --data . -o o.png", "--roll belongs to --nonuniform"),
    ("synth --nonuniform --image turned.png --data . -o out", "should not both be given"),
    ("synth --nonuniform --image turned.png -o out --roll 3,1", "roll"),
    ("synth --nonuniform --image turned.png -o out --size 500,600", "no shake"),
    ("synth --nonuniform --image missing.png -o out", "missing.png"),
    ("synth --nonuniform --image turned.png missing.png -o out --size 2,40", "missing.png"),
    ("synth --nonuniform --image turned.png tiny.png -o out --size 2,40", "but has 9x9"),
    ("synth --nonuniform --image turned.png plain.npz -o out --size 2,40", "plain.npz"),
    ("synth --nonuniform --image turned.png -o negative.npz --size 2,40", "negative.npz"),
]


@pytest.mark.parametrize("line, words", REFUSED)
def test_bad_input_is_one_sentence_and_leaves_nothing(
    pydeblur, is_one_sentence, turned, tmp_path, monkeypatch, line, words
):
    monkeypatch.chdir(tmp_path)
    cases = {"negative": [-1.0], "empty": [0.0]}
    poses = {"format": "pydeblur local blur", "version": 1, "shape": [40, 50], "model": "roll-xy", "focal_length": 50.0}
    for name, weights in cases.items():
        np.savez(f"{name}.npz", parameters=np.zeros((1, 3)), weights=weights, **poses)
    np.savez("other.npz", parameters=[[1.0, 0.0, 0.01]], weights=[1.0], **poses)
    np.savez("plain.npz", kernel=np.ones((3, 3)))
    write_blur("one.npz", grid_of_kernel(np.ones((3, 3)), (40, 50)))
    write_image("tiny.png", np.full((9, 9), 0.5))
    before = set(tmp_path.rglob("*"))
    outcome = pydeblur(*line.split(), *(() if line.startswith("synth") else ("--quiet",)))
    assert outcome.code == 2 and is_one_sentence(outcome.err, line.split()[0]) and words in outcome.err
    assert len(outcome.err) < 300
    assert set(tmp_path.rglob("*")) == before
