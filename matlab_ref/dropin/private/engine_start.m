function engine = engine_start(command)
%ENGINE_START  Start the process that computes.
%   ENGINE = ENGINE_START(COMMAND), a cell array of words: a struct with
%     kind       'popen2' in Octave, 'java' in MATLAB
%     to_it, from_it, process   of the kind's own
%     stop       a function that ends it, and waits until it has tidied up
%     folder     where the MAT files of requests and results lie
if exist('OCTAVE_VERSION', 'builtin')
    engine = by_popen2(command);
else
    engine = by_java(command);
end
try
    greeting = engine_receive(engine, 120);
catch problem
    engine.stop();
    error('pydeblur:NoAnswer', 'the program %s should start as an engine, but does not: %s', command{1}, problem.message);
end
parts = regexp(greeting, '^pydeblur (\S+) (.+)$', 'tokens', 'once');
if isempty(parts)
    engine.stop();
    error('pydeblur:NoAnswer', 'the program %s should be pydeblur, but answers otherwise.', command{1});
end
engine.folder = parts{2};
end

function engine = by_popen2(command)
[to_it, from_it, process] = popen2(command{1}, command(2:end));
engine = struct('kind', 'popen2', 'to_it', to_it, 'from_it', from_it, 'process', process);
% Octave calls it at the end of its session, too, when it knows of no function in files any more.  The pipe's end alone
% would not do: programs that Octave has started meanwhile may hold it open.
engine.stop = @() [fputs(to_it, "end\n"), fclose(to_it), waitpid(process), fclose(from_it)];
end

function engine = by_java(command)
if ~usejava('jvm')
    error('pydeblur:NoJava', ['MATLAB should have been started with Java, by which the engine is started; ' ...
          'without it, call py.pydeblur.matlab_api.']);
end
words = javaObject('java.util.ArrayList');
for i = 1:numel(command), words.add(command{i}); end
builder = javaObject('java.lang.ProcessBuilder', words);
null_device = '/dev/null';
if ispc(), null_device = 'NUL'; end
builder.redirectError(javaObject('java.io.File', null_device));
process = builder.start();
to_it = javaObject('java.io.OutputStreamWriter', process.getOutputStream(), 'UTF-8');
from_it = javaObject('java.io.BufferedReader', javaObject('java.io.InputStreamReader', process.getInputStream(), 'UTF-8'));
engine = struct('kind', 'java');
engine.to_it = to_it;
engine.from_it = from_it;
engine.process = process;
engine.stop = @() stop_java(to_it, process);
end

function stop_java(to_it, process)
to_it.write(sprintf('end\n'));
to_it.close();
process.waitFor();
end
