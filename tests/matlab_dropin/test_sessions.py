"""What becomes of the engine and of its files when something goes wrong on the way."""

import os
import signal
import sys
import time

import pytest

#: Seconds that no script takes.
LIMIT = 200
LONG_CALL = "blind_deconv(magic(200) / 40000, 0, 4e-3, struct('kernel_size', 25, 'xk_iter', 10000))"


def ended(process_number):
    """Whether a process ends within a generous limit; one that its parent has not asked for counts as ended."""
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        try:
            with open(f"/proc/{process_number}/stat") as file:
                if file.read().rpartition(")")[2].split()[0] in "ZX":
                    return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


def wait_for(condition):
    limit = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.05)


@pytest.mark.octave
def test_errors_of_the_engine_and_its_death(octave):
    script = f"""
        addpath('DROPIN');
        function attempt(code)
          try
            eval(code);
            disp('no error');
          catch problem
            printf('%s|%s\\n', problem.identifier, problem.message);
          end
        end
        attempt("whyte_deconv(ones(9), ones(4));");
        attempt("whyte_deconv(ones(9), @sin);");
        attempt("whyte_deconv(ones(9) * NaN, ones(3));");
        attempt("L0Restoration(ones(9), ones(3), 'much');");
        attempt("blind_deconv(ones(40, 40, 3), 0, 4e-3, struct('kernel_size', 5));");
        attempt("blind_deconv(magic(40) / 1600, 0, 4e-3, struct('kernel_size', [5 7]));");
        attempt("blind_deconv(magic(40) / 1600, 4e-3, 4e-3, struct('kernel_size', 5, 'prior', 'beauty'));");
        attempt("blind_deconv(magic(40) / 1600, 0, 4e-3, struct('kernel_size', {{{{5}}}}));");
        attempt("[a, b, c] = opt_fft_size(3);");
        engine = str2double(fgetl(fopen('{octave.program.with_name("starts.txt")}')));
        kill(engine, 9);
        pause(0.5);
        disp(opt_fft_size(17));
        fid = fopen('{octave.program.with_name("starts.txt")}'); fgetl(fid); engine = str2double(fgetl(fid));
        system(sprintf('(sleep 1; kill -9 %d) >/dev/null 2>&1 &', engine));
        attempt("{LONG_CALL};");
        disp(opt_fft_size([97 121]));
        system('sleep {2 * LIMIT} >/dev/null 2>&1 &');    % it holds the engine's pipe open, and is not waited for
        pydeblur_close();
        setenv('PYDEBLUR', '{sys.executable} -m  pydeblur'); disp(opt_fft_size(17));
        setenv('PYDEBLUR', '/nowhere/pydeblur'); attempt("opt_fft_size(3);");
        setenv('PYDEBLUR', '/bin/echo'); attempt("opt_fft_size(3);");
        setenv('PYDEBLUR', '/bin/false'); attempt("opt_fft_size(3);");
        setenv('PYDEBLUR', ''); setenv('PATH', '/nowhere'); attempt("opt_fft_size(3);");
    """
    lines = octave.run(script).splitlines()
    wanted = [
        "pydeblur:InvalidInputError|both sides of the kernel should be odd, but its shape is (4, 4)",
        "pydeblur:InvalidInputError|an argument should be a number, an array of numbers, text, or a struct",
        "pydeblur:InvalidInputError|the image should be finite",
        "pydeblur:InvalidOptionError|lambda should be a number of at least 0, but is 'much'",
        "pydeblur:InvalidInputError|the image should be a real array (H, W)",
        "pydeblur:InvalidOptionError|kernel_size should be one number, or two equal ones",
        "pydeblur:InvalidOptionError|prior should be one of",
        "pydeblur:InvalidOptionError|kernel_size should be a whole number from 3 to 1000000, but is neither a number nor text",
        "Octave:invalid-fun-call|",
        "18",
        "pydeblur:EngineEnded|the engine ended before it answered.",
        "    98   125",
        "18",
        "pydeblur:NotFound|the environment variable PYDEBLUR should be the path of the program pydeblur",
        "pydeblur:NoAnswer|the program /bin/echo should be pydeblur, but answers otherwise.",
        "pydeblur:NoAnswer|the program /bin/false should start as an engine",
        "pydeblur:NotFound|the program pydeblur should be on PATH",
    ]
    assert len(lines) == len(wanted)
    for line, start in zip(lines, wanted):
        assert line.startswith(start)
    assert len(octave.starts()) == 3
    assert octave.session_folders() == []


@pytest.mark.octave
@pytest.mark.parametrize("how", ["Octave is killed", "Ctrl-C"])
def test_no_engine_and_no_file_is_left_after_a_computation_that_was_cut_off(octave, how):
    process = octave.start(f"addpath('DROPIN');\n{LONG_CALL};\n")
    # The request's file is there from before the computation until after it.
    wait_for(lambda: any((folder / "request.mat").exists() for folder in octave.session_folders()))
    (engine,) = octave.starts()
    if how == "Ctrl-C":
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.kill()
    process.communicate(timeout=120)
    assert ended(engine)
    assert octave.session_folders() == []
