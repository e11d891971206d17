function level = graythresh(img)
%GRAYTHRESH  Otsu's threshold in [0, 1], MATLAB's semantics.
%   The image is quantised to 8 bits (round(255 x), clipped); the threshold is
%   the mean of all grey levels at which the between-class variance is
%   greatest, divided by 255.  A constant image gives 0.
%
%   Source: docs/algorithm, section 4; Otsu 1979; MATLAB's documentation.
if isa(img, 'uint8')
    grey = double(img(:));
else
    grey = min(max(round(255 * double(img(:))), 0), 255);
end
p = accumarray(grey + 1, 1, [256, 1]) / numel(grey);
omega = cumsum(p);
mu = cumsum(p .* (1:256)');
between = (mu(end) * omega - mu).^2 ./ (omega .* (1 - omega));
greatest = max(between(isfinite(between)));
if isempty(greatest)
    level = 0;
else
    level = (mean(find(between == greatest)) - 1) / 255;
end
end
