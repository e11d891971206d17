function engine_send(engine, line)
%ENGINE_SEND  Write a line to the engine.
switch engine.kind
    case 'popen2'
        fprintf(engine.to_it, '%s\n', line);
        fflush(engine.to_it);
    case 'java'
        engine.to_it.write(sprintf('%s\n', line));
        engine.to_it.flush();
end
end
