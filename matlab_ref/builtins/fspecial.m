function h = fspecial(type, varargin)
%FSPECIAL  Gaussian, motion and disk filters with MATLAB's values.
%   FSPECIAL('gaussian', SIZE, SIGMA)  SIZE a scalar or [rows columns];
%       values below eps times the maximum are set to 0 before normalising.
%   FSPECIAL('motion', LENGTH, ANGLE)  a line of LENGTH pixels at ANGLE degrees
%       counter-clockwise.  A pixel's value is 1 minus its distance from the
%       line segment, not below 0.
%   FSPECIAL('disk', RADIUS)  each pixel's overlap with the disk.
%   All sum to 1 (motion: up to eps*LENGTH^2, as MATLAB's).
%
%   Source: MATLAB's documentation of fspecial; docs/algorithm, section 7.
switch type
    case 'gaussian'
        h = gaussian_filter(varargin{:});
    case 'motion'
        h = motion_filter(varargin{:});
    case 'disk'
        h = disk_filter(varargin{:});
    otherwise
        error('fspecial:type', 'type must be gaussian, motion or disk.');
end
end

function h = gaussian_filter(filter_size, sigma)
if isscalar(filter_size), filter_size = [filter_size, filter_size]; end
half = (filter_size - 1) / 2;
[x, y] = meshgrid(-half(2):half(2), -half(1):half(1));
h = exp(-(x.^2 + y.^2) / (2 * sigma^2));
h(h < eps * max(h(:))) = 0;
h = h / sum(h(:));
end

function h = motion_filter(line_length, angle)
% One half of the line is drawn in a quadrant, the other half is its point
% reflection; rows run downwards, so that the drawing is flipped at the end.
line_length = max(1, line_length);
half = (line_length - 1) / 2;
theta = mod(angle, 180) / 180 * pi;
c = cos(theta);
s = sin(theta);
direction = sign(c);
if direction == 0, direction = 1; end
columns = fix(half * c + direction - line_length * eps);
rows = fix(half * s + 1 - line_length * eps);
[x, y] = meshgrid(0:direction:columns, 0:rows);
across = y * c - x * s;
beyond = sqrt(x.^2 + y.^2) >= half & abs(across) <= 1;
along = half - abs((x + across * s) / c);
distance = abs(across);
distance(beyond) = sqrt(across(beyond).^2 + along(beyond).^2);
quadrant = max(1 + eps - distance, 0);
[m, n] = size(quadrant);
h = zeros(2 * m - 1, 2 * n - 1);
h(1:m, 1:n) = rot90(quadrant, 2);
h(m:end, n:end) = quadrant;
h = h / (sum(h(:)) + eps * line_length * line_length);
if c > 0, h = flipud(h); end
end

function h = disk_filter(radius)
if nargin < 1, radius = 5; end
half = ceil(radius - 0.5);
[x, y] = meshgrid(-half:half, -half:half);
h = corner_area(x + 0.5, y + 0.5, radius) - corner_area(x - 0.5, y + 0.5, radius) ...
  - corner_area(x + 0.5, y - 0.5, radius) + corner_area(x - 0.5, y - 0.5, radius);
h = h / sum(h(:));
end

function area = corner_area(x, y, radius)
% signed area of the disk's part in the rectangle from (0, 0) to (x, y)
a = min(abs(x), radius);
b = min(abs(y), radius);
turn = min(sqrt(max(radius^2 - b.^2, 0)), a);   % where the arc takes over
primitive = @(t) (t .* sqrt(max(radius^2 - t.^2, 0)) + radius^2 * asin(t / radius)) / 2;
area = sign(x) .* sign(y) .* (b .* turn + primitive(a) - primitive(turn));
end
