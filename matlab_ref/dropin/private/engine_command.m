function command = engine_command()
%ENGINE_COMMAND  The program of the engine, and its arguments.
%   COMMAND = ENGINE_COMMAND() is a cell array of words.  The program is the one
%   that the environment variable PYDEBLUR names: by its path, by that of the
%   folder it lies in (or of a virtual environment), by its name on PATH, or by a
%   command with arguments, such as "python3 -m pydeblur"; where PYDEBLUR is not
%   set, it is "pydeblur" on PATH.
given = getenv('PYDEBLUR');
if isempty(given)
    program = first_file(on_search_path('pydeblur'));
    if isempty(program)
        error('pydeblur:NotFound', ['the program pydeblur should be on PATH, but is not: install pydeblur, ' ...
              'or set the environment variable PYDEBLUR to the program''s path.']);
    end
    command = {program, 'matlab-server'};
    return
end
further = {};
program = first_file([{given}, in_folder(given), on_search_path(given)]);
if isempty(program)
    words = strsplit(strtrim(given));
    program = first_file([words(1), on_search_path(words{1})]);
    further = words(2:end);
end
if isempty(program)
    error('pydeblur:NotFound', ['the environment variable PYDEBLUR should be the path of the program pydeblur, ' ...
          'but there is none at %s.'], given);
end
command = [{program}, further, {'matlab-server'}];
end

function candidates = in_folder(folder)
candidates = {fullfile(folder, 'pydeblur'), fullfile(folder, 'bin', 'pydeblur'), ...
              fullfile(folder, 'pydeblur.exe'), fullfile(folder, 'Scripts', 'pydeblur.exe')};
end

function candidates = on_search_path(name)
candidates = {};
if any(name == '/' | name == filesep), return; end
folders = strsplit(getenv('PATH'), pathsep);
for i = 1:numel(folders)
    if ~isempty(folders{i})
        candidates = [candidates, {fullfile(folders{i}, name), fullfile(folders{i}, [name, '.exe'])}]; %#ok<AGROW>
    end
end
end

function path = first_file(candidates)
path = '';
for i = 1:numel(candidates)
    if exist(candidates{i}, 'file') == 2
        path = candidates{i};
        return
    end
end
end
