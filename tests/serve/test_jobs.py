"""Pictures, jobs and results over HTTP: the result is that of the Python face, and nothing waits for what is lost."""

import io
import os
import signal
import sys

import numpy as np
import pytest
from PIL import Image

import pydeblur

on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="finds processes by /proc")


def uploaded(page, contents):
    status, told = page.upload(contents)
    assert status == 201, told
    return told


def started(page, picture, **choices):
    status, job = page.start(picture, **choices)
    assert status == 201, job
    return job


def test_the_result_is_that_of_the_python_face(server, page, photo, blurred, tmp_path):
    from pydeblur.files.kernel_files import read_kernel

    told = uploaded(page, photo)
    assert (told["width"], told["height"], told["words"]) == (108, 96, "PNG, 108 × 96 pixels, grey, 8 bits")
    assert told["preview"].startswith("data:image/")
    job = started(page, told["picture"], region=[8, 4, 90, 80])
    done = page.until(job, "done", "failed")
    assert (done["state"], done["extensions"]["picture"]) == ("done", ".png")
    expected = pydeblur.deblur(blurred, 15, prior="gradient", nonblind="tv", crop=(4, 8, 80, 90))
    status, picture = server.ask("GET", f"{job}/files/picture")
    assert status == 200
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(picture))), expected.image)
    assert server.headers["content-type"] == "image/png"
    assert server.headers["content-disposition"] == "attachment"
    (tmp_path / "kernel.tif").write_bytes(server.ask("GET", f"{job}/files/kernel")[1])
    np.testing.assert_allclose(read_kernel(tmp_path / "kernel.tif"), expected.kernel, atol=1e-7)
    view = server.ask("GET", f"{job}/view")[1].decode()
    assert all(f'<h2 id="{name}">' in view for name in ("before-and-after", "kernel"))
    assert server.ask("GET", f"{job}/files/report")[1].startswith(b"<!DOCTYPE html>")
    assert set(done["files"]) == {"picture", "report", "kernel", "kernel-picture"}
    assert "final step tv" in done["summary"]
    # Another page sees nothing of it, and what is removed is gone.
    other = server.open_page()
    assert other.start(told["picture"])[0] == 404
    assert server.ask("GET", f"{other.path}/jobs/{job.rsplit('/', 1)[1]}/view")[0] == 404
    assert server.ask("DELETE", job)[0] == 204
    assert server.ask("GET", f"{job}/view")[0] == 404


@on_linux
def test_a_job_tells_how_far_it_is_and_if_it_is_killed_the_next_one_runs(server, page, photo, large_photo):
    job = started(page, uploaded(page, large_photo)["picture"], size="large")
    seen = set()
    for kind, told in page.events():
        if kind == "iteration":
            assert told["latent"].startswith("data:image/")
            assert told["kernel"].startswith("data:image/")
            assert "kernel" in told["where"]
            seen.add("iteration")
        elif told.get("left") is not None:
            assert 0 <= told["share"] <= 1
            seen.add("left")
        if seen == {"iteration", "left"}:
            break
    for process in server.processes():
        os.kill(process, signal.SIGKILL)
    told = page.until(job, "failed", "done")
    assert told["state"] == "failed"
    assert "SIGKILL" in told["error"]
    assert len(told["error"]) < 300
    assert page.until(started(page, uploaded(page, photo)["picture"]), "done", "failed")["state"] == "done"


def test_a_page_keeps_the_last_picture_and_no_more_results_than_it_may(server, page, photo):
    first = uploaded(page, photo)["picture"]
    last = uploaded(page, photo)["picture"]
    status, told = page.start(first)
    assert (status, "choose it once more" in told) == (404, True)
    # Three, by the limits of these tests.
    jobs = [started(page, last, size="large") for _ in range(3)]
    status, told = page.start(last)
    assert (status, "3 results" in told) == (429, True)
    for job in jobs:
        assert server.ask("DELETE", job)[0] == 204
    started(page, last)


def test_a_turned_camera_gives_poses_and_format_and_depth_stay(server, page, blurred, encoded):
    pixels = blurred.astype(np.uint16) * 257
    job = started(page, uploaded(page, encoded(pixels, "TIFF"))["picture"], camera="turned", size="own", own_size=7)
    done = page.until(job, "done", "failed")
    extensions = [done["extensions"][what] for what in ("picture", "kernel", "kernel-picture")]
    assert extensions == [".tif", ".npz", ".png"]
    image = np.asarray(Image.open(io.BytesIO(server.ask("GET", f"{job}/files/picture")[1])))
    assert (image.dtype, image.shape) == (np.uint16, blurred.shape)
    assert server.ask("GET", f"{job}/files/kernel")[1][:2] == b"PK"
    assert b"Kernels" in server.ask("GET", f"{job}/view")[1]


@on_linux
def test_the_queue_tells_places_and_goes_on_after_a_cancelled_job(server, page, photo, large_photo):
    slow = uploaded(page, large_photo)["picture"]
    first = started(page, slow, size="large")
    quick = uploaded(page, photo)["picture"]
    second, third = (started(page, quick) for _ in range(2))
    other = server.open_page()
    status, sentence = other.start(uploaded(other, photo)["picture"])
    assert (status, "queue is full" in sentence) == (503, True)
    for kind, told in page.events():
        if kind == "state" and third.endswith(told["job"]):
            assert (told["state"], told["place"]) == ("waiting", 2)
            break
    server.ask("POST", f"{second}/cancel")
    server.ask("POST", f"{first}/cancel")
    assert page.until(third, "done", "failed")["state"] == "done"
    # A cancelled job stays cancelled, and its result does not exist.
    assert server.ask("GET", f"{second}/view")[0] == 404
    assert server.ask("GET", f"{first}/files/picture")[0] == 404


@on_linux
def test_a_closed_page_cancels_its_job_and_its_files_are_gone(
    server, server_folder, photo, large_photo, page, wait_until
):
    other = server.open_page()
    other.listen()
    job = started(other, uploaded(other, large_photo)["picture"], size="large")
    other.until(job, "running")
    mine = started(page, uploaded(page, photo)["picture"])
    other.leave()
    # It had the only place: the other page's picture is deblurred because it is gone.
    assert page.until(mine, "done", "failed")["state"] == "done"
    wait_until(lambda: server.ask("GET", f"{job}/view")[0] == 404)
    (folder,) = server_folder.glob("pydeblur-serve-*")
    wait_until(lambda: len([each for each in folder.iterdir() if each.is_dir()]) == 1)


def test_what_cannot_be_deblurred_is_said_in_one_sentence(page, encoded):
    tiny = encoded(np.zeros((8, 9), np.uint8))
    job = started(page, uploaded(page, tiny)["picture"])
    told = page.until(job, "failed", "done")
    assert told["state"] == "failed"
    assert told["error"].endswith(".")
    assert "/" not in told["error"]
