function [ssde, aligned] = comp_upto_shift(I1, I2)
%COMP_UPTO_SHIFT  Sum of squared differences after the best shift.
%   [SSDE, ALIGNED] = COMP_UPTO_SHIFT(I1, I2): I1 (H, W) the estimate, I2 the
%   truth.  I2 loses 15 pixels on each side; I1 is sampled (bilinear) at
%   the same pixels shifted by -5:0.25:5 in x and y.  SSDE is the least sum of
%   squared differences, ALIGNED the shifted I1, (H-30, W-30).  Among equal
%   shifts the first counts: y in the outer loop, x in the inner one.
%
%   Source: docs/algorithm, section 10; Levin et al. 2009.
truth = I2(16:end-15, 16:end-15);
[x, y] = meshgrid(16:size(I2, 2) - 15, 16:size(I2, 1) - 15);
shifts = -5:0.25:5;
ssde = inf;
aligned = [];
for dy = shifts
    for dx = shifts
        moved = interp2_linear(I1, x + dx, y + dy);
        ssd = sum((moved(:) - truth(:)).^2);
        if ssd < ssde
            ssde = ssd;
            aligned = moved;
        end
    end
end
end
