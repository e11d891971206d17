function k = resizeKer(k, ret, k1, k2)
%RESIZEKER  Carry a kernel over to the next scale.
%   K = RESIZEKER(K, RET, K1, K2) resizes K by the factor RET (bicubic), clips
%   it below 0, brings it to (K1, K2) and divides by its sum.
%
%   Source: docs/algorithm, section 2.
k = max(imresize_bicubic(k, ret), 0);
k = fixsize(k, k1, k2);
if max(k(:)) > 0, k = k / sum(k(:)); end
end
