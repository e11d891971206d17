function k = resizeKer(k, ret, k1, k2)
%RESIZEKER  Carry a kernel over to the next scale.
%   K = RESIZEKER(K, RET, K1, K2) resizes K by the factor RET (bicubic), clips it
%   below 0, brings it to (K1, K2) and divides by its sum.
k = engine_call('resizeKer', {k, ret, k1, k2});
end
