function [px, py, threshold] = threshold_pxpy_v1(latent, psf_size, threshold)
%THRESHOLD_PXPY_V1  Gradients of the latent image, the small ones set to 0.
%   [PX, PY, THRESHOLD] = THRESHOLD_PXPY_V1(LATENT, PSF_SIZE) finds the
%   threshold: the squared magnitude that the strongest max(20 PSF_SIZE, 10)
%   gradients in each of four ranges of direction reach.
%   [...] = THRESHOLD_PXPY_V1(LATENT, PSF_SIZE, THRESHOLD) takes the one given
%   and returns THRESHOLD/1.1 for the next call.
%   LATENT (H, W); PSF_SIZE a number; PX, PY (H-1, W-1).
%   Either way THRESHOLD is multiplied by 0.81 while it would remove all.
%
%   Source: docs/algorithm, section 5.
px = conv2(latent, [-1 1; 0 0], 'valid');
py = conv2(latent, [-1 0; 1 0], 'valid');
magnitude = px.^2 + py.^2;
first_call = nargin < 3;
if first_call
    threshold = first_threshold(px, py, magnitude, max(20 * max(psf_size), 10));
end
small = magnitude < threshold;
while all(small(:))
    threshold = threshold * 0.81;
    small = magnitude < threshold;
end
px(small) = 0;
py(small) = 0;
if ~first_call, threshold = threshold / 1.1; end
end

function threshold = first_threshold(px, py, magnitude, wanted)
% 0 if the four ranges never have enough gradients
edges = (0:33333) * 0.00006;      % 0:0.00006:2, spelled out
angle = atan(py ./ px);           % NaN where both are 0: in no range
limits = [0, pi/4; pi/4, pi/2; -pi/4, 0; -pi/2, -pi/4];
fewest = inf(numel(edges), 1);
for i = 1:4
    in_range = angle >= limits(i, 1) & angle < limits(i, 2);
    counts = histc_edges(magnitude(in_range), edges);
    fewest = min(fewest, cumsum(counts(end:-1:1)));
end
reached = find(fewest >= wanted, 1);
threshold = 0;
if ~isempty(reached), threshold = edges(end - reached + 1); end
end
