function setup_path()
%SETUP_PATH  Put this folder and its builtins/ and golden/ on the path.
%   builtins/ goes to the front: its functions have MATLAB's semantics in both
%   MATLAB and Octave, so that results do not depend on a toolbox or package.
here = fileparts(mfilename('fullpath'));
addpath(here, fullfile(here, 'builtins'), fullfile(here, 'golden'));
end
