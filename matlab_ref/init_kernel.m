function k = init_kernel(minsize)
%INIT_KERNEL  Kernel of the coarsest scale.
%   K = INIT_KERNEL(N): (N, N), N odd; 1/2 at row (N-1)/2 and columns (N-1)/2
%   and (N-1)/2 + 1, else 0.
%
%   Source: docs/algorithm, section 2.
k = zeros(minsize, minsize);
middle = (minsize - 1) / 2;
k(middle, middle:middle + 1) = 1 / 2;
end
