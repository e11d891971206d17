function yes = engine_is_running(engine)
%ENGINE_IS_RUNNING  Whether the engine's process is there.
switch engine.kind
    case 'popen2'
        yes = waitpid(engine.process, WNOHANG) == 0;
    case 'java'
        yes = engine.process.isAlive();
end
end
