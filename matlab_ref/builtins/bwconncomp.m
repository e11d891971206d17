function cc = bwconncomp(bw, conn)
%BWCONNCOMP  8-connected components of the nonzero pixels, as MATLAB's.
%   CC has the fields Connectivity, ImageSize, NumObjects and PixelIdxList: a
%   1 x NumObjects cell of sorted linear indices.  Components come in the order
%   of their first pixel in column-major order.
%
%   Source: docs/algorithm, section 3.
if nargin < 2, conn = 8; end
if conn ~= 8
    error('bwconncomp:conn', 'only 8-connectivity is implemented.');
end
[height, width] = size(bw);
stride = height + 2;
padded = false(stride, width + 2);
padded(2:end-1, 2:end-1) = bw ~= 0;
offsets = [-1; 1; -stride; stride; -stride - 1; -stride + 1; stride - 1; stride + 1];
lists = {};
for seed = find(padded)'
    if ~padded(seed), continue; end
    padded(seed) = false;
    members = seed;
    front = seed;
    while ~isempty(front)
        around = bsxfun(@plus, offsets, front');
        front = unique(around(padded(around)));
        front = front(:);
        padded(front) = false;
        members = [members; front]; %#ok<AGROW>
    end
    row = mod(members - 1, stride);
    column = floor((members - 1) / stride);
    lists{end + 1} = sort(row + (column - 1) * height); %#ok<AGROW>
end
cc = struct('Connectivity', conn, 'ImageSize', [height, width], ...
            'NumObjects', numel(lists), 'PixelIdxList', {lists});
end
