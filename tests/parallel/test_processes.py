"""A function over many items in several processes; `eval` is one that every process can import."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
import types
import warnings
from pathlib import Path

import pytest

from pydeblur.errors import InvalidInputError, WorkerLostError
from pydeblur.parallel.processes import map_unordered

PROCESS_ID = "__import__('os').getpid()"
KILLED = "__import__('os').kill(__import__('os').getpid(), 9)"
LONG = "__import__('time').sleep(600)"

needs_signals = pytest.mark.skipif(os.name != "posix", reason="sends POSIX signals")


def test_one_process_works_here_and_in_order():
    assert list(map_unordered(abs, [-3, 1, -2], 1)) == [3, 1, 2]
    assert set(map_unordered(eval, [PROCESS_ID] * 3, 1)) == {os.getpid()}


def test_a_single_item_starts_no_process():
    assert list(map_unordered(eval, [PROCESS_ID], 4)) == [os.getpid()]


def test_two_processes_do_everything_elsewhere():
    ids = list(map_unordered(eval, [PROCESS_ID] * 5, 2))
    assert len(ids) == 5 and os.getpid() not in ids and len(set(ids)) <= 2
    assert multiprocessing.active_children() == []


def test_a_worker_s_error_arrives_and_ends_the_others():
    with pytest.raises(ZeroDivisionError):
        list(map_unordered(eval, ["1 / 0", *[LONG] * 3], 2))
    assert multiprocessing.active_children() == []


def test_leaving_early_ends_the_processes():
    results = map_unordered(eval, ["7", *[LONG] * 3], 2)
    assert next(results) == 7
    results.close()
    assert multiprocessing.active_children() == []


def test_a_killed_process_is_reported_as_want_of_memory():
    with pytest.raises(MemoryError, match="fewer jobs") as caught:
        list(map_unordered(eval, ["__import__('os')._exit(1)"] * 2, 2))
    assert isinstance(caught.value, InvalidInputError) and "2 of 2" in str(caught.value)


@needs_signals
def test_a_killed_process_costs_its_item_alone():
    items = [KILLED, *[str(number) for number in range(6)], f"{KILLED} or 1"]
    outcomes = list(map_unordered(eval, items, 2, lost=lambda item, reason: (item, reason)))
    losses = [outcome for outcome in outcomes if isinstance(outcome, tuple)]
    assert sorted(outcome for outcome in outcomes if outcome not in losses) == list(range(6))
    assert {item for item, _ in losses} == {items[0], items[-1]}
    assert all("killed by SIGKILL" in reason for _, reason in losses)


@needs_signals
def test_without_a_stand_in_the_others_are_finished_first():
    results = map_unordered(eval, [KILLED, "1", "2", "3"], 2)
    assert sorted(next(results) for _ in range(3)) == [1, 2, 3]
    with pytest.raises(WorkerLostError, match=r"1 of 4 .*getpid\(\), 9.*SIGKILL"):
        next(results)


@needs_signals
def test_a_process_that_is_killed_while_it_waits_costs_nothing(tmp_path):
    """The first item is finished when the second has begun, which is finished when the first one's process is killed."""
    (tmp_path / "waiting.py").write_text(
        "import os, pathlib, time\n"
        "def wait_for(name):\n"
        "    while not pathlib.Path(__file__).with_name(name).exists():\n"
        "        time.sleep(0.01)\n"
        "def first():\n"
        "    wait_for('begun')\n"
        "    return os.getpid()\n"
        "def second():\n"
        "    pathlib.Path(__file__).with_name('begun').touch()\n"
        "    wait_for('killed')\n"
        "    return 7\n"
    )
    call = f"__import__('runpy').run_path({str(tmp_path / 'waiting.py')!r})"
    results = map_unordered(eval, [f"{call}['first']()", f"{call}['second']()"], 2)
    os.kill(next(results), signal.SIGKILL)
    (tmp_path / "killed").touch()
    assert list(results) == [7]


def test_a_result_that_cannot_be_sent_is_an_error():
    with pytest.raises(RuntimeError, match="can't be sent"):
        list(map_unordered(eval, ["lambda: 1", "2"], 2))


def test_a_function_that_a_worker_cannot_load_is_an_error(capfd):
    broken = types.ModuleType("pydeblur_module_of_this_process")
    exec("def function(item): return item", vars(broken))
    sys.modules[broken.__name__] = broken
    try:
        with pytest.raises(RuntimeError, match="ModuleNotFoundError"):
            list(map_unordered(broken.function, [1, 2], 2))
    finally:
        del sys.modules[broken.__name__]
    assert multiprocessing.active_children() == [] and capfd.readouterr().err == ""


def test_warnings_of_the_workers_are_given_here():
    words = "__import__('warnings').warn('look at {}', UserWarning) or {}"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert sorted(map_unordered(eval, [words.format(n, n) for n in (1, 2)], 2)) == [1, 2]
    assert sorted(str(warning.message) for warning in caught) == ["look at 1", "look at 2"]


def test_workers_that_cannot_start_are_one_error(tmp_path):
    """As with a script that does not ask for its name before it starts processes."""
    script = tmp_path / "unguarded.py"
    script.write_text(
        "from pydeblur.parallel.processes import map_unordered\n"
        "try:\n    list(map_unordered(abs, range(50), 2))\n"
        "except MemoryError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120, check=False)
    assert "no worker process can be started" in done.stdout


def is_running(process_id):
    """Whether there is such a process that is not merely waiting to be buried."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks for processes in /proc")
def test_workers_end_with_a_parent_that_is_killed(tmp_path):
    """The workers of a parent that had no chance to end them, one at work and one in a loop, and the pipe to the parent."""
    script = tmp_path / "parent.py"
    name_it = f"print({PROCESS_ID}, flush=True)"
    script.write_text(
        "from pydeblur.parallel.processes import map_unordered\n"
        "if __name__ == '__main__':\n"
        f'    list(map_unordered(exec, ["{name_it}; {LONG}", "{name_it}\\nwhile True: pass"], 2))\n'
    )
    parent = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True)
    workers = [int(parent.stdout.readline()) for _ in range(2)]
    assert all(map(is_running, workers))
    parent.kill()
    # The end of the pipe comes when the last process that holds it has ended.
    assert parent.communicate(timeout=60)[0] == ""
    end = time.monotonic() + 60
    while any(map(is_running, workers)):
        assert time.monotonic() < end
        time.sleep(0.05)
