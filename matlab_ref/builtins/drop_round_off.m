function z = drop_round_off(z)
%DROP_ROUND_OFF  Real part of Z where its imaginary part is only FFT round-off.
%   Round-off means: max|imag| <= eps * (number of operations of an FFT of
%   that size) * max|Z|, the criterion that MATLAB documents for psf2otf.
if isreal(z), return; end
n = numel(z);
operations = n * sum(log2(max(size(z), 2)));
if max(abs(imag(z(:)))) <= operations * eps * max(abs(z(:)))
    z = real(z);
end
end
