function B = filter_flow(I, H, weights, patches)
%FILTER_FLOW  The fast forward approximation of POSE_BLUR [9].
%   B = FILTER_FLOW(I, H, WEIGHTS, PATCHES): PATCHES = [rows columns] kernels,
%   each at the centre of a tent-shaped window; the windows sum to 1 and the
%   outermost centres lie on the border.  Direct convolutions: slow and plain.
img_size = size(I);
rows = tents(img_size(1), patches(1));
columns = tents(img_size(2), patches(2));
B = zeros(img_size);
for i = 1:patches(1)
    for j = 1:patches(2)
        k = pose_kernel(H, weights, [columns.centres(j), rows.centres(i)]);
        radius = (size(k, 1) - 1) / 2;
        blurred = conv2(pad_replicate(I, [radius radius]), k, 'valid');
        B = B + (rows.windows(i, :)' * columns.windows(j, :)) .* blurred;
    end
end
end

function axis = tents(n, count)
if count == 1
    axis = struct('centres', (n - 1) / 2, 'windows', ones(1, n));
    return
end
step = (n - 1) / (count - 1);
axis.centres = (0:count - 1) * step;
axis.windows = max(1 - abs(bsxfun(@minus, 0:n - 1, axis.centres')) / step, 0);
end
