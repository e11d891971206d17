function varargout = engine_call(name, inputs)
%ENGINE_CALL  Let the engine compute a function of the family.
%   [R1, R2, ...] = ENGINE_CALL(NAME, INPUTS): NAME as in pydeblur.matlab_api;
%   INPUTS a cell array of the arguments: numeric arrays, text, and structs of such values.
%   The arguments and the results go through MAT files, the request and its
%   answer through the engine's pipe.  What the engine refuses becomes an error
%   'pydeblur:CLASS', where CLASS is that of the Python error; its warnings
%   become warnings likewise.  A call that does not come to its end, because of
%   Ctrl-C or an error, ends the engine; the next call starts another.
[words, values] = described(inputs);
engine = engine_session('begin');
on_leaving = onCleanup(@() engine_session('leave'));
if ~isempty(inputs), save(fullfile(engine.folder, 'request.mat'), '-struct', 'values', '-v6'); end
engine_send(engine, sprintf('call %s %d%s', name, max(nargout, 1), words));
[answer, warnings] = last_answer(engine);
[kind, id, text] = words_of(answer);
results = {};
if strcmp(kind, 'result'), results = read_results(engine, str2double(id)); end
engine_session('done');
for i = 1:numel(warnings)
    [~, warning_id, warning_text] = words_of(warnings{i});
    warning(['pydeblur:' warning_id], '%s', warning_text);
end
if ~strcmp(kind, 'result'), error(['pydeblur:' id], '%s', text); end
varargout = results(1:max(nargout, 1));
end

function [words, values] = described(inputs)
% the words of the request's line that describe the arguments, and what goes into the MAT file
values = struct();
words = '';
for i = 1:numel(inputs)
    [word, values] = describe(inputs{i}, sprintf('a%d', i), values);
    words = [words, ' ', word]; %#ok<AGROW>
end
end

function [word, values] = describe(input, name, values)
if ~isstruct(input)
    [word, values.(name)] = plain_value(input);
    return
end
if numel(input) ~= 1
    error('pydeblur:InvalidInputError', 'a struct should be a single one, but is of %d elements.', numel(input));
end
fields = fieldnames(input);
words = cell(1, numel(fields));
for i = 1:numel(fields)
    field = input.(fields{i});
    kind = 'other';     % scripts may keep anything in a struct: the engine says whether it minds
    if is_plain(field), [kind, values.(sprintf('%s_%d', name, i))] = plain_value(field); end
    words{i} = [fields{i}, '=', kind];
end
word = ['fields:', strjoin(words, ',')];
end

function yes = is_plain(value)
yes = isnumeric(value) || islogical(value) || ischar(value) || isa(value, 'string');
end

function [word, value] = plain_value(value)
if ~is_plain(value)
    error('pydeblur:InvalidInputError', ...
          'an argument should be a number, an array of numbers, text, or a struct of these, not of the class %s.', class(value));
end
if isa(value, 'string'), value = char(value); end
if ischar(value)
    word = 'text';
    value = double(value);
else
    word = 'number';
    value = full(value);
end
end

function [line, warnings] = last_answer(engine)
warnings = {};
line = engine_receive(engine, Inf);
while strncmp(line, 'warning ', 8)
    warnings{end + 1} = line; %#ok<AGROW>
    line = engine_receive(engine, Inf);
end
end

function [kind, id, text] = words_of(line)
[kind, rest] = strtok(line, ' ');
[id, rest] = strtok(rest, ' ');
text = strtrim(rest);
end

function results = read_results(engine, count)
file = fullfile(engine.folder, 'result.mat');
try
    values = load(file);
    results = cell(1, count);
    for i = 1:count, results{i} = values.(sprintf('r%d', i)); end
catch problem
    error('pydeblur:DamagedFile', 'the engine''s results can''t be read from %s: %s', file, problem.message);
end
delete(file);
end
