function r = golden_random(seed, dims)
%GOLDEN_RANDOM  Uniform numbers in (0, 1), the same in MATLAB and Octave.
%   R = GOLDEN_RANDOM(SEED, DIMS): Park & Miller's generator, in doubles exact.
modulus = 2^31 - 1;
state = mod(seed * 7919 + 12345, modulus - 1) + 1;
r = zeros(dims);
for i = -10:numel(r)
    state = mod(16807 * state, modulus);
    if i >= 1, r(i) = state / modulus; end
end
end
