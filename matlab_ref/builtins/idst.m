function x = idst(y)
%IDST  Inverse of DST, type I, of each column: 2/(N+1) times the transform.
%
%   Source: docs/algorithm, section 3 (wrap_boundary).
x = 2 / (size(y, 1) + 1) * dst(y);
end
