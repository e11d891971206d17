function line = engine_receive(engine, seconds)
%ENGINE_RECEIVE  Wait for a line from the engine, not longer than some seconds.
%   The pipe is looked at again and again: reading it would block, and neither
%   Ctrl-C nor the end of the process be noticed.
line = '';
started = tic();
pause_length = 0.001;
has_ended = false;
while true
    [part, is_whole] = read_part(engine);
    line = [line, part]; %#ok<AGROW>
    if is_whole, return; end
    if ~isempty(part), continue; end
    if has_ended
        error('pydeblur:EngineEnded', 'the engine ended before it answered.');
    end
    if toc(started) > seconds
        error('pydeblur:EngineSilent', 'the engine did not answer within %g seconds.', seconds);
    end
    % What it wrote last may not have been read.
    has_ended = ~engine_is_running(engine);
    pause(pause_length);
    pause_length = min(1.5 * pause_length, 0.02);
end
end

function [part, is_whole] = read_part(engine)
% what there is of a line, without its end, and whether its end is there
part = '';
is_whole = false;
switch engine.kind
    case 'popen2'
        fclear(engine.from_it);
        text = fgets(engine.from_it);
        if ischar(text)
            is_whole = text(end) == char(10);
            part = text(1:end - is_whole);
        end
    case 'java'
        if engine.from_it.ready()
            part = char(engine.from_it.readLine());
            is_whole = true;
        end
end
end
