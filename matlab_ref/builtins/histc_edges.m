function counts = histc_edges(x, edges)
%HISTC_EDGES  Counts per bin with MATLAB's histc semantics.
%   COUNTS(i) is the number of X with EDGES(i) <= X < EDGES(i+1); the last
%   count is that of X == EDGES(end).  Values outside and NaN count nowhere.
%   EDGES is a vector, increasing; COUNTS is a column of the same length.
%   (Own name, so that neither MATLAB's nor Octave's histc is shadowed.)
%
%   Source: docs/algorithm, section 5.
edges = edges(:);
n = numel(edges);
x = x(:);
x = x(x >= edges(1) & x <= edges(n));
counts = zeros(n, 1);
if isempty(x), return; end
% the bin of x is the number of edges <= x: sort edges and x together, with
% the edges first among equals (MATLAB's and Octave's sort are stable)
[~, order] = sort([edges; x]);
is_edge = order <= n;
bin = cumsum(is_edge);
counts = accumarray(bin(~is_edge), 1, [n, 1]);
end
