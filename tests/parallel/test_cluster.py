"""Items on the workers of a Dask cluster of two processes; `eval` is a function that every process can import."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from contextlib import contextmanager

import numpy as np
import pytest

import pydeblur
from pydeblur.cli.main import main
from pydeblur.errors import InvalidInputError, SchedulerError, WorkerLostError, WorkerLostWarning
from pydeblur.evaluation.protocols import Protocol, evaluate
from pydeblur.files import read_image, write_image
from pydeblur.parallel import deblur_many
from pydeblur.parallel.processes import map_unordered
from pydeblur.parallel.protocol import SharedFiles
from pydeblur.training.restoration.pairs import load_pair, make_pairs

distributed = pytest.importorskip("distributed")
cluster_module = pytest.importorskip("pydeblur.parallel.cluster")
dispatch = pytest.importorskip("pydeblur.parallel.dispatch")

PROCESS_ID = "__import__('os').getpid()"
#: Only this process has it: no worker sees it.
OWN_FOLDER = f"/proc/self/task/{os.getpid()}"

needs_proc = pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="needs /proc")
needs_signals = pytest.mark.skipif(os.name != "posix", reason="sends POSIX signals")


@pytest.fixture(scope="module")
def cluster():
    """A cluster of two processes."""
    options = {"memory_limit": None, "dashboard_address": "127.0.0.1:0", "silence_logs": 50}
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, **options) as started:
        yield started


@pytest.fixture(scope="module")
def client(cluster):
    with distributed.Client(cluster, set_as_default=False) as connected:
        yield connected


@pytest.fixture(scope="module")
def picture():
    """(64, 72): rectangles, blurred."""
    rng = np.random.default_rng(3)
    sharp = np.kron(rng.random((8, 9)), np.ones((8, 8)))
    return (sharp + np.roll(sharp, 1, 0) + np.roll(sharp, (1, 1), (0, 1))) / 3


def test_all_is_done_elsewhere_and_once(client):
    ids = list(map_unordered(eval, [PROCESS_ID] * 7, scheduler=client))
    assert len(ids) == 7 and set(ids) == set(client.run(os.getpid).values()) and os.getpid() not in ids


def test_by_the_address_of_the_scheduler(cluster):
    assert sorted(map_unordered(abs, [-3, 2, -1], scheduler=cluster.scheduler_address)) == [1, 2, 3]


def test_items_and_answers_may_be_large(client):
    arrays = [np.full(400_000, number, float) for number in range(3)]
    found = sorted(map_unordered(np.negative, arrays, scheduler=client), key=lambda array: -array[0])
    assert all(np.array_equal(one, -other) for one, other in zip(found, arrays))


def test_an_error_arrives_with_its_class(client):
    with pytest.raises(ZeroDivisionError):
        list(map_unordered(eval, ["1", "1 / 0", "2"], scheduler=client))
    with pytest.raises(RuntimeError, match="can't be sent"):
        list(map_unordered(eval, ["lambda: 1"], scheduler=client))


def test_warnings_of_the_workers_are_given_here(client):
    words = "__import__('warnings').warn('look at {}', UserWarning) or {}"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert sorted(map_unordered(eval, [words.format(n, n) for n in (1, 2)], scheduler=client)) == [1, 2]
    assert sorted(str(warning.message) for warning in caught) == ["look at 1", "look at 2"]


def test_relative_paths_mean_what_they_mean_here(client, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here.txt").write_text("seen")
    assert list(map_unordered(eval, ["open('here.txt').close() or 5"], scheduler=client)) == [5]


@needs_signals
def test_what_a_killed_worker_had_is_done_by_another(client, tmp_path):
    """The worker that has begun the last item is killed; the item waits for that, and is done when it is begun again."""
    code = (
        "import os, pathlib, time\n"
        "def item(number):\n"
        f"    with open({str(tmp_path)!r} + '/begun', 'a') as log:\n"
        "        log.write(str(number) + '\\n')\n"
        f"    killed = pathlib.Path({str(tmp_path)!r}, 'killed')\n"
        "    if number == 3 and not killed.exists():\n"
        f"        pathlib.Path({str(tmp_path)!r}, 'process').write_text(str(os.getpid()))\n"
        "        time.sleep(600)\n"
        "    return number\n"
    )
    (tmp_path / "item.py").write_text(code)
    call = f"__import__('runpy').run_path({str(tmp_path / 'item.py')!r})['item']"

    def process():
        return (tmp_path / "process").read_text() if (tmp_path / "process").exists() else ""

    def kill():
        (tmp_path / "killed").touch()
        os.kill(int(process()), signal.SIGKILL)

    with pytest.warns(WorkerLostWarning) as said, once(process, kill):
        found = list(map_unordered(eval, [f"{call}({number})" for number in range(6)], scheduler=client))
    assert sorted(found) == [0, 1, 2, 3, 4, 5]
    assert sorted((tmp_path / "begun").read_text().split()) == ["0", "1", "2", "3", "3", "4", "5"]
    assert len(said) == 1 and re.match(
        r"the worker tcp://\S+ was lost: what it had is done again", str(said[0].message)
    )


@needs_signals
def test_what_costs_too_many_workers_is_given_up(client, monkeypatch):
    monkeypatch.setattr(dispatch, "_MOST_LOSSES", 1)
    client.wait_for_workers(2)
    items = ["1", "__import__('os').kill(__import__('os').getpid(), 9)", "2"]
    outcomes = list(map_unordered(eval, items, scheduler=client, lost=lambda item, reason: (item, reason)))
    (loss,) = [outcome for outcome in outcomes if isinstance(outcome, tuple)]
    assert sorted(outcome for outcome in outcomes if outcome != loss) == [1, 2]
    assert loss[0] == items[1] and "memory" in loss[1]


@needs_signals
def test_a_batch_outlives_one_of_its_two_workers(client, cluster, picture, tmp_path, capsys):
    """The picture that a worker is at work on when it is killed is done by the other: nothing is lost, nothing done twice."""
    photos, out, apart = tmp_path / "photos", tmp_path / "out", tmp_path / "apart"
    photos.mkdir()
    for name in "abcdef":
        write_image(photos / f"{name}.png", np.tile(picture, (3, 3)) if name in "ab" else picture)
    client.wait_for_workers(2)
    processes = client.run(os.getpid)

    def at_work():
        return [name for name, keys in client.processing().items() if keys]

    def kill():
        os.kill(processes[at_work()[0]], signal.SIGKILL)

    words = ["--kernel-size", "7", "--prior", "gradient", "--iterations", "15", "--kernels", "--quiet"]
    with once(at_work, kill):
        code = main(["batch", str(photos), "-o", str(out), "--scheduler", cluster.scheduler_address, *words])
    said = capsys.readouterr()
    assert (code, said.out) == (0, "6 deblurred, 0 failed, 0 were there already\n")
    # A long name is shortened.
    lost = re.fullmatch(
        r"pydeblur: warning: the worker tcp://\S+ was lost: what it had is done again \((.+)\)\n", said.err
    )
    assert lost and any(str(photos / name).startswith(lost[1].removesuffix("…")) for name in ("a.png", "b.png"))
    assert sorted(os.listdir(out)) == sorted([f"{name}{end}" for name in "abcdef" for end in (".png", "_kernel.tif")])
    assert main(["batch", str(photos / "c.png"), "-o", str(apart), *words]) == 0
    assert np.array_equal(read_image(out / "c.png").pixels, read_image(apart / "c.png").pixels)
    capsys.readouterr()
    again = main(["batch", str(photos), "-o", str(out), "--scheduler", cluster.scheduler_address, *words])
    assert (again, capsys.readouterr().out) == (0, "0 deblurred, 0 failed, 6 were there already\n")


@needs_proc
def test_pictures_are_sent_to_workers_that_do_not_see_them(cluster, client, picture, tmp_path, capsys, monkeypatch):
    """The paths lead by this process's working folder, which is not that of the workers."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    write_image("photos/a.png", picture)
    (tmp_path / "photos/b.png").write_bytes(b"\x89PNG\r\n\x1a\n, and then nothing")
    words = ["--kernel-size", "5", "--prior", "gradient", "--kernels", "--scheduler", cluster.scheduler_address]
    code = main(["batch", "/proc/self/cwd/photos", "-o", "/proc/self/cwd/sharp", *words])
    said = capsys.readouterr()
    assert (code, said.out) == (1, "1 deblurred, 1 failed, 0 were there already\n")
    assert re.fullmatch(
        r"pydeblur batch: error: /proc/self/cwd/photos/b.png: /proc/self/cwd/photos/b.png .*\n", said.err
    )
    assert sorted(os.listdir("sharp")) == ["a.png", "a_kernel.tif"]
    main(["deblur", "photos/a.png", "-o", "alone.png", "--kernel-size", "5", "--prior", "gradient", "--quiet"])
    assert np.array_equal(read_image("sharp/a.png").pixels, read_image("alone.png").pixels)
    monkeypatch.setattr("pydeblur.cli.batch_workers.MOST_BYTES", 10)
    capsys.readouterr()
    assert main(["batch", "/proc/self/cwd/photos", "-o", "/proc/self/cwd/more", *words]) == 1
    assert capsys.readouterr().err.count("should be shared by all machines") == 2


@needs_proc
def test_a_folder_that_no_worker_sees_is_an_error(client, tmp_path):
    with pytest.raises(SchedulerError, match=f"the folder {OWN_FOLDER} should be shared"):
        list(map_unordered(abs, [1], scheduler=client, files=SharedFiles.at([OWN_FOLDER])))
    with pytest.raises(SchedulerError, match=f"the folder {OWN_FOLDER}/cwd should be shared"):
        list(map_unordered(abs, [1], scheduler=client, files=SharedFiles.at([f"{OWN_FOLDER}/cwd"])))


def test_deblur_many_gives_what_deblur_gives(client, picture, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_image("b.png", picture[:50])
    images, options = [picture, "b.png", picture[:, :50]], {"prior": "gradient", "iterations": 1}
    alone = [pydeblur.deblur(image, 5, **options) for image in (picture, read_image("b.png").pixels, picture[:, :50])]
    places = []
    for given in ({"client": client}, {"jobs": 2}, {"jobs": 1, "finished": places.append}):
        results = deblur_many(images, 5, **given, **options)
        assert all(np.array_equal(one.image, other.image) for one, other in zip(results, alone, strict=True))
    assert places == [0, 1, 2]


def test_deblur_many_names_the_picture_that_fails(client, picture):
    images = [picture, picture[:4, :4], picture]
    with pytest.raises(InvalidInputError, match=r"^image 1: "):
        deblur_many(images, 5, client=client, prior="gradient", iterations=1)
    kinds = [
        type(result).__name__
        for result in deblur_many(images, 5, client=client, on_error="return", prior="gradient", iterations=1)
    ]
    assert kinds[::2] == ["DeblurResult"] * 2 and kinds[1].endswith("Error")


@pytest.mark.parametrize(
    "options, complaint",
    [
        ({"on_error": "ignore"}, "on_error should be one of"),
        ({"callback": print}, "callback belongs to"),
        ({"progress": True}, "progress belongs to"),
        ({"jobs": 0}, "^jobs should be a whole number"),
        ({"jobs": 1.5}, "^jobs should be a whole number"),
        ({"jobs": 10**6}, "^jobs should be a whole number"),
        ({"client": "here"}, "scheduler should be local"),
        ({"client": "tcp://127.0.0.1:1", "jobs": 3}, "jobs is the number"),
    ],
)
def test_deblur_many_refuses(picture, options, complaint):
    with pytest.raises(InvalidInputError, match=complaint):
        deblur_many([picture, picture], 5, **options)


@pytest.mark.parametrize("images", [3, None, "a.png"])
def test_deblur_many_takes_a_list(images):
    with pytest.raises(InvalidInputError, match="^images should be a list of images or of their files, but is "):
        deblur_many(images, 5)


def test_deblur_many_names_a_missing_file_once(picture, tmp_path):
    error, result = deblur_many(
        [tmp_path / "none.png", picture], 5, jobs=1, on_error="return", prior="gradient", iterations=1
    )
    assert str(error).count("none.png") == 1 and result.image.shape == picture.shape


def test_a_benchmark_gives_the_same_figures(cluster, client, levin_like, monkeypatch):
    monkeypatch.setenv("PYDEBLUR_DATA", str(levin_like))
    protocol = Protocol("levin", "gradient", {"iterations": 1}, nonblind="tv")
    here, there = evaluate(protocol), evaluate(protocol, scheduler=cluster.scheduler_address)
    for figures in (*here["cases"], *there["cases"]):
        del figures["cpu_seconds"]
    assert here["cases"] == there["cases"]


def test_the_pairs_of_a_training_are_made_there_as_here(client, tmp_path):
    """Compiled loops, which come in after some work, and NumPy's differ in the last bits."""
    data = pytest.importorskip("skimage.data")
    photographs = tmp_path / "photographs"
    photographs.mkdir()
    for number in range(8):  # a photograph's name decides on its split
        write_image(photographs / f"{number}.png", data.camera()[:300, 25 * number :][:, :300] / 255)
    here, there = (
        make_pairs(photographs, [], tmp_path / name, 2, scheduler=scheduler)
        for name, scheduler in (("here", None), ("there", client))
    )
    assert [path.name for path in here] == [path.name for path in there] == ["true_00000.npy", "true_00001.npy"]
    for one, other in zip(here, there):
        np.testing.assert_allclose(load_pair(one), load_pair(other), atol=0.02)


@pytest.fixture(scope="module")
def levin_like(picture, tmp_path_factory):
    """A data folder in the manner of Levin et al.: two cases."""
    from scipy.io import savemat
    from scipy.signal import convolve2d

    folder = tmp_path_factory.mktemp("data")
    (folder / "levin").mkdir()
    kernel = np.eye(5) / 5
    for name, sharp in (("im01_ker01", picture), ("im02_ker01", picture[::-1])):
        blurred = convolve2d(sharp, kernel, "valid")
        savemat(folder / "levin" / f"{name}.mat", {"x": sharp[2:-2, 2:-2], "y": blurred, "f": kernel})
    return folder


BAD_ADDRESSES = ["here", "127.0.0.1:8786", "tcp://127.0.0.1", "tcp://:8786", "tcp://host:99999", "http://host:80", ""]


@pytest.mark.parametrize("address", BAD_ADDRESSES)
@pytest.mark.parametrize("words", [["batch", "photos", "-o", "out"], ["evaluate", "levin"], ["reproduce", "table1"]])
def test_what_is_no_address_is_refused(address, words, capsys):
    with pytest.raises(SystemExit) as ended:
        main([*words, "--scheduler", address])
    assert ended.value.code == 2
    err = capsys.readouterr().err
    assert err.startswith(
        f"pydeblur {words[0]}: error: argument --scheduler: it should be local, or a scheduler's address"
    )
    assert err.count("\n") == 1 and len(err) < 300


@pytest.fixture
def peer():
    """The address of a server that says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"


def test_a_peer_that_says_nothing_is_no_scheduler(peer, monkeypatch):
    monkeypatch.setattr(cluster_module, "_CONNECT_SECONDS", 0.5)
    for address in (peer, "tcp://127.0.0.1:1"):
        with pytest.raises(SchedulerError, match=f"no Dask scheduler answers at {address}"):
            list(map_unordered(abs, [1], scheduler=address))


def test_a_worker_is_no_scheduler(client):
    with pytest.raises(SchedulerError, match="should be a Dask scheduler, but is 'Worker'"):
        list(map_unordered(abs, [1], scheduler=next(iter(client.nthreads()))))


def test_other_versions_are_refused(client, monkeypatch):
    monkeypatch.setattr(dispatch, "versions_here", lambda: {"pydeblur": "0.0.0"})
    with pytest.raises(SchedulerError, match=r"no worker can be used; of tcp://\S+, pydeblur should be 0\.0\.0"):
        list(map_unordered(abs, [1], scheduler=client))


def test_a_scheduler_of_another_version_is_refused(client, monkeypatch):
    async def versions(client):
        return {**cluster_module.versions_here(), "Python": "2.7"}

    monkeypatch.setattr(cluster_module, "_versions_of_the_scheduler", versions)
    with pytest.raises(SchedulerError, match=r"the scheduler should have Python 3\.\d+, as is here, but has 2\.7"):
        list(map_unordered(abs, [1], scheduler=client))


def test_a_cluster_without_workers_is_not_waited_for_without_end(monkeypatch):
    monkeypatch.setattr(dispatch, "_PATIENCE", 0.1)
    with (
        distributed.LocalCluster(n_workers=0, processes=False, dashboard_address="127.0.0.1:0") as empty,
        distributed.Client(empty, set_as_default=False) as nobody,
        pytest.raises(SchedulerError, match="has had no worker"),
    ):
        list(map_unordered(abs, [1], scheduler=nobody))


def test_a_cluster_of_this_machine_ends_with_its_call(tmp_path):
    """Though one of its two workers would be at work for long."""
    script = tmp_path / "script.py"
    script.write_text(
        "from pydeblur.parallel import map_unordered\n"
        "if __name__ == '__main__':\n"
        f'    found = map_unordered(eval, ["{PROCESS_ID}", "__import__(\'time\').sleep(600)"], 2, scheduler="local")\n'
        "    print(next(found))\n"
        "    found.close()\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=240, check=False)
    assert (done.returncode, done.stderr) == (0, "") and int(done.stdout) != os.getpid()


def test_without_dask_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.delitem(sys.modules, "pydeblur.parallel.cluster")
    with pytest.raises(InvalidInputError, match=r"pip install 'pydeblur\[cluster\]'"):
        list(map_unordered(abs, [1], scheduler="local"))


def test_a_lost_process_of_a_batch_of_one_job_costs_one_item():
    items = ["__import__('os')._exit(1)", "1", "2"]
    found = list(map_unordered(eval, items, 1, lambda item, reason: reason, apart=True))
    assert sorted(map(str, found))[:2] == ["1", "2"] and "exit code 1" in str(found)
    with pytest.raises(WorkerLostError, match="1 of 3"):
        list(map_unordered(eval, items, 1, apart=True))


@contextmanager
def once(condition, do):
    """A ``with`` block during which something is done as soon as a condition holds."""
    is_over = threading.Event()

    def watch():
        while not is_over.is_set():
            if condition():
                do()
                return
            time.sleep(0.02)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        is_over.set()
        watcher.join()
