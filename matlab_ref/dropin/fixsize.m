function f = fixsize(f, nk1, nk2)
%FIXSIZE  Bring a kernel to (NK1, NK2) by dropping or adding border lines.
%   F = FIXSIZE(F, NK1, NK2): lines are dropped, and lines of zeros added, at the
%   ends where there is less mass.
f = engine_call('fixsize', {f, nk1, nk2});
end
