function S = sparse_block_minima(S, lambda, patch, is_fine)
%SPARSE_BLOCK_MINIMA  Make the minima of an image's blocks sparse, where they lie.
%   S = SPARSE_BLOCK_MINIMA(S, LAMBDA, PATCH, IS_FINE): S (H, W); the blocks of side
%   PATCH do not overlap, and are smaller at the right and at the bottom.  Of equal
%   minima the first, column by column, is meant.
%   IS_FINE: minima below min(max(LAMBDA, mean of all |minima|), 0.1) become 0;
%   else each is lowered by LAMBDA, and 0 where it would be negative.
%
%   Source: docs/methods, patch-wise minimal pixels (Wen et al. 2020).
[height, width] = size(S);
places = zeros(ceil(height / patch), ceil(width / patch));
for i = 1:size(places, 1)
    rows = (i - 1) * patch + 1:min(i * patch, height);
    for j = 1:size(places, 2)
        columns = (j - 1) * patch + 1:min(j * patch, width);
        block = S(rows, columns);
        [~, first] = min(block(:));
        [row, column] = ind2sub(size(block), first);
        places(i, j) = sub2ind(size(S), rows(row), columns(column));
    end
end
minima = S(places);
if is_fine
    minima(abs(minima) < min(max(lambda, mean(abs(minima(:)))), 0.1)) = 0;
else
    minima = max(minima - lambda, 0);
end
S(places) = minima;
end
