function n = opt_fft_size(n)
%OPT_FFT_SIZE  The next lengths at which FFTs are fast.
%   N = OPT_FFT_SIZE(N), element by element: the smallest length >= N of the form
%   2^a 3^b 5^c 7^d, or 11 or 13 times such a number.
n = double(engine_call('opt_fft_size', {n}));
end
