function psf = adjust_psf_center(psf)
%ADJUST_PSF_CENTER  Move a kernel's centroid to the middle by whole pixels.
%   PSF = ADJUST_PSF_CENTER(PSF): shift by round((n+1)/2 - centroid) in x and y
%   (halves away from zero), zeros moving in.
%
%   Source: docs/algorithm, section 2.
[rows, columns] = size(psf);
[x, y] = meshgrid(1:columns, 1:rows);
total = sum(psf(:));
dx = round((columns + 1) / 2 - sum(psf(:) .* x(:)) / total);
dy = round((rows + 1) / 2 - sum(psf(:) .* y(:)) / total);
from_y = max(1, 1 - dy):min(rows, rows - dy);
from_x = max(1, 1 - dx):min(columns, columns - dx);
shifted = zeros(rows, columns);
shifted(from_y + dy, from_x + dx) = psf(from_y, from_x);
psf = shifted;
end
