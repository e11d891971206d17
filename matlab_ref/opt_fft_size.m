function n = opt_fft_size(n)
%OPT_FFT_SIZE  The next lengths at which FFTs are fast.
%   N = OPT_FFT_SIZE(N), element by element: the smallest length >= N of the
%   form 2^a 3^b 5^c 7^d, or 11 or 13 times such a number.
%
%   Source: docs/algorithm, section 3.
for i = 1:numel(n)
    while ~is_fast(n(i)), n(i) = n(i) + 1; end
end
end

function yes = is_fast(m)
for prime = [2 3 5 7]
    while mod(m, prime) == 0, m = m / prime; end
end
yes = any(m == [1 11 13]);
end
