function [ssde, aligned] = comp_upto_shift(I1, I2, maxshift)
%COMP_UPTO_SHIFT  Sum of squared differences after the best shift (Levin et al.).
%   [SSDE, ALIGNED] = COMP_UPTO_SHIFT(I1, I2, MAXSHIFT): I1 the restored image, I2
%   the sharp one, MAXSHIFT (default 5) up to 15 pixels.  15 pixels at each border
%   do not count; ALIGNED is I1 at the best shift, without them.
if nargin < 3, maxshift = 5; end
[ssde, aligned] = engine_call('comp_upto_shift', {I1, I2, maxshift});
end
