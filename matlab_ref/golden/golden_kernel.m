function k = golden_kernel(n, variant)
%GOLDEN_KERNEL  A curved camera path drawn into an (N, N) kernel.
%   VARIANT is 1, 2 or 3.  The path is splatted bilinearly; K sums to 1.
t = linspace(0, 1, 400)';
switch variant
    case 1
        x = 0.80 * (t - 0.5);
        y = 0.35 * sin(2.6 * t) - 0.55 * t.^2 + 0.1;
    case 2
        x = 0.42 * cos(3.3 * t) .* (1 - 0.3 * t);
        y = 0.75 * (t - 0.5) + 0.12 * sin(5 * t);
    case 3
        x = 0.7 * (t - 0.45) - 0.25 * t.^3;
        y = -0.55 * (t - 0.5) + 0.2 * sin(4.5 * t);
end
half = (n - 1) / 2;
x = min(max(half + 1 + x * half * 1.1, 1), n - 1e-6);
y = min(max(half + 1 + y * half * 1.1, 1), n - 1e-6);
fx = x - floor(x);
fy = y - floor(y);
k = zeros(n);
for i = 1:2
    for j = 1:2
        weight = abs(2 - i - fy) .* abs(2 - j - fx);
        k = k + accumarray([floor(y) + i - 1, floor(x) + j - 1], weight, [n, n]);
    end
end
k = k / sum(k(:));
end
