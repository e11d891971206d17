function f = fixsize(f, nk1, nk2)
%FIXSIZE  Bring a kernel to (NK1, NK2) by dropping or adding border lines.
%   While a dimension is too long its first line is dropped if that one's mass
%   is less than the last one's, else the last; while it is too short a line of
%   zeros is added at the end if the first line's mass is less than the last
%   one's, else at the front.  One row step, then one column step, in turn.
%
%   Source: docs/algorithm, section 2.
while any(size(f) ~= [nk1, nk2])
    f = one_row_step(f, nk1);
    f = one_row_step(f', nk2)';
end
end

function f = one_row_step(f, wanted)
[rows, columns] = size(f);
if rows == wanted, return; end
mass = sum(f, 2);
first_is_lighter = mass(1) < mass(end);
if rows > wanted
    if first_is_lighter, f = f(2:end, :); else, f = f(1:end-1, :); end
else
    if first_is_lighter, f = [f; zeros(1, columns)]; else, f = [zeros(1, columns); f]; end
end
end
