function k = init_kernel(minsize)
%INIT_KERNEL  Kernel of the coarsest scale.
%   K = INIT_KERNEL(MINSIZE): (MINSIZE, MINSIZE), odd, with two values of 1/2
%   beside each other next to the centre.
k = engine_call('init_kernel', {minsize});
end
