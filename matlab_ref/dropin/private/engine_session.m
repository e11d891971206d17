function engine = engine_session(action)
%ENGINE_SESSION  The one engine of this session of MATLAB or Octave.
%   ENGINE = ENGINE_SESSION('begin') returns the engine, started where none
%   runs, for one call; ENGINE_SESSION('done') says that the call has its answer,
%   and ENGINE_SESSION('leave') ends an engine whose call has none.
%   ENGINE_SESSION('close') ends the engine.
%   It is locked in memory: "clear all" at the start of a script leaves the
%   engine running.  With the session the engine ends.
persistent current guard in_call started_for
mlock();
engine = [];
is_left = isequal(in_call, true);       % empty before the first call
must_end = strcmp(action, 'close') || (strcmp(action, 'leave') && is_left);
if strcmp(action, 'begin') && ~isempty(current)
    must_end = is_left || ~strcmp(started_for, surroundings()) || ~engine_is_running(current);
end
if must_end && ~isempty(current)
    guard = []; %#ok<NASGU>  it calls current.stop
    remove_folder(current.folder);
    current = [];
end
if strcmp(action, 'begin')
    if isempty(current)
        started_for = surroundings();
        current = engine_start(engine_command());
        guard = onCleanup(current.stop);
    end
    engine = current;
end
in_call = strcmp(action, 'begin');
end

function text = surroundings()
% what decides which program the engine is
text = [getenv('PYDEBLUR'), pathsep, getenv('PATH')];
end

function remove_folder(folder)
% an engine removes its folder itself, unless it was killed
if exist(folder, 'dir') ~= 7, return; end
names = {'lock', 'request.mat', 'result.mat'};
for i = 1:numel(names)
    file = fullfile(folder, names{i});
    if exist(file, 'file') == 2, delete(file); end
end
rmdir(folder);
end
