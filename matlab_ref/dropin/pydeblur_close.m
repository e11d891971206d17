function pydeblur_close()
%PYDEBLUR_CLOSE  End the engine of this session.
%   The next call of one of the family's functions starts another.  It is needed
%   only after pydeblur has been installed anew: otherwise the engine ends with
%   the session.
engine_session('close');
end
