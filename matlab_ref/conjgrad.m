function x = conjgrad(x, b, maxIt, tol, Ax_func)
%CONJGRAD  Solve A x = b for a symmetric positive definite A.
%   X = CONJGRAD(X, B, MAXIT, TOL, AX_FUNC): X the start (any shape), AX_FUNC a
%   handle X -> A X.  Ends after MAXIT steps, or once the residual's norm after
%   a step is below TOL.
%
%   Source: docs/algorithm, section 6.
r = b - Ax_func(x);
p = r;
rsold = sum(r(:).^2);
for iter = 1:maxIt
    Ap = Ax_func(p);
    alpha = rsold / sum(p(:) .* Ap(:));
    x = x + alpha * p;
    r = r - alpha * Ap;
    rsnew = sum(r(:).^2);
    if sqrt(rsnew) < tol, break; end
    p = r + (rsnew / rsold) * p;
    rsold = rsnew;
end
end
