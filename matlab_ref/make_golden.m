function make_golden(out_dir)
%MAKE_GOLDEN  Write the golden outputs that the Python package is tested with.
%   MAKE_GOLDEN(OUT_DIR) writes OUT_DIR/builtins, stages, scales, runs and
%   nonuniform; see tests/golden/README.md for the files and their variables.
%       octave --no-gui --norc -q --eval "addpath('matlab_ref'); make_golden('tests/golden')"
setup_path();
golden_builtins(out_dir);
golden_stages(out_dir);
golden_small_case(out_dir);
golden_runs(out_dir);
golden_nonuniform(out_dir);
end
