function x = idst(y)
%IDST  Inverse of DST, type I, of each column: 2/(N+1) times the transform.
%
%   Source: ALGORITHM section 2 (wrap_boundary).
x = 2 / (size(y, 1) + 1) * dst(y);
end
