function y = dst(x)
%DST  Discrete sine transform, type I, of each column (unscaled).
%   Y(k) = sum_n X(n) sin(pi k n / (N+1)), k = 1..N, as MATLAB's dst.
%   The FFT of the odd extension of length 2(N+1) gives it.
%
%   Source: docs/algorithm, section 3 (wrap_boundary).
[n, columns] = size(x);
zero_row = zeros(1, columns);
spectrum = fft([zero_row; x; zero_row; -x(n:-1:1, :)], [], 1);
y = -imag(spectrum(2:n+1, :)) / 2;
end
