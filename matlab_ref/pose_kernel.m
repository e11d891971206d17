function k = pose_kernel(H, weights, point)
%POSE_KERNEL  The blur kernel that camera poses make at one pixel.
%   K = POSE_KERNEL(H, WEIGHTS, [X Y]), 0-based: pose t has its weight at
%   p - inv(H_t) p, shared by bilinear weights.
offsets = zeros(numel(weights), 2);
for t = 1:numel(weights)
    source = H(:, :, t) \ [point(:); 1];
    offsets(t, :) = point - source(1:2)' / source(3);
end
radius = ceil(max(abs(offsets(:))) - 1e-6);
side = 2 * radius + 1;
k = zeros(side);
for t = 1:numel(weights)
    place = min(max(offsets(t, :) + radius, 0), 2 * radius);
    first = min(floor(place), max(side - 2, 0));
    share = place - first;
    for down = 0:min(1, side - 1)
        for right = 0:min(1, side - 1)
            part = abs(1 - down - share(2)) * abs(1 - right - share(1));
            k(first(2) + down + 1, first(1) + right + 1) = k(first(2) + down + 1, first(1) + right + 1) + weights(t) * part;
        end
    end
end
end
