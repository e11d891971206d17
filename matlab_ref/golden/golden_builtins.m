function golden_builtins(out_dir)
%GOLDEN_BUILTINS  Goldens of the MATLAB built-ins: OUT_DIR/builtins/*.mat.
builtins = struct( ...
    'imresize', {resize_cases()}, 'psf_otf', {psf_otf_cases()}, 'dst', {dst_cases()}, ...
    'histc', {histc_cases()}, 'graythresh', {graythresh_cases()}, ...
    'bwconncomp', {labelling_cases()}, 'fspecial', {fspecial_cases()}, ...
    'conv2', {conv2_cases()}, 'interp2', {interp2_cases()}, 'colour', {colour_cases()});
for name = fieldnames(builtins)'
    save_golden(out_dir, fullfile('builtins', name{1}), numbered(builtins.(name{1})));
end
end

function cases = resize_cases()
wanted = {[7 7], sqrt(2); [9 13], 1 / sqrt(0.5); [5 5], 2.3; [24 31], 0.5; [25 30], sqrt(0.5); ...
          [21 17], [30 9]; [12 10 3], 0.7; [40 33], 0.21; [3 3], 1 / sqrt(0.5)};
cases = cell(1, size(wanted, 1));
for i = 1:numel(cases)
    img = golden_random(i, wanted{i, 1});
    cases{i} = struct('img', img, 'scale', wanted{i, 2}, 'out', imresize_bicubic(img, wanted{i, 2}));
end
end

function cases = psf_otf_cases()
wanted = {[5 5], [16 21]; [4 6], [9 12]; [7 4], [15 15]; [1 2], [8 9]; [2 1], [9 8]; [13 13], [13 13]};
cases = cell(1, size(wanted, 1));
for i = 1:numel(cases)
    psf = golden_random(10 + i, wanted{i, 1});
    otf = psf2otf(psf, wanted{i, 2});
    any_otf = fft2(golden_random(20 + i, wanted{i, 2}));
    cases{i} = struct('psf', psf, 'out_size', wanted{i, 2}, 'otf', otf, ...
                      'psf_back', otf2psf(otf, size(psf)), ...
                      'any_otf', any_otf, 'any_psf', otf2psf(any_otf, size(psf)));
end
end

function cases = dst_cases()
sizes = {[1 1], [7 4], [12 9], [30 1]};
cases = cell(1, numel(sizes));
for i = 1:numel(cases)
    x = golden_random(30 + i, sizes{i}) - 0.5;
    cases{i} = struct('x', x, 'dst', dst(x), 'idst', idst(x));
end
end

function cases = histc_cases()
x = 1.2 * golden_random(35, [40 7]) - 0.1;
x(1:6) = [0, 0.25, 1, NaN, -0.0, 0.5];
edges = {0:0.25:1, (0:33333) * 0.00006, [0.2, 0.9]};
cases = cell(1, numel(edges));
for i = 1:numel(cases)
    cases{i} = struct('x', x, 'edges', edges{i}, 'counts', histc_edges(x, edges{i}));
end
end

function cases = graythresh_cases()
images = golden_inputs();
imgs = {double(images.camera_half(1:60, 1:50)) / 255, golden_random(40, [31 33]), 0.4 * ones(5, 6), ...
        1.4 * golden_random(41, [20 20]) - 0.2, images.coins_half(1:50, 1:61), ...
        [zeros(4, 5); ones(3, 5)]};
cases = cell(1, numel(imgs));
for i = 1:numel(cases)
    cases{i} = struct('img', imgs{i}, 'level', graythresh(imgs{i}));
end
end

function cases = labelling_cases()
sizes = {[13 13], [8 17], [25 25], [4 4]};
cases = cell(1, numel(sizes));
for i = 1:numel(cases)
    bw = double(golden_random(45 + i, sizes{i}) > 0.72);
    if i == numel(cases), bw(:) = 0; end
    components = bwconncomp(bw, 8);
    labels = zeros(size(bw));
    for j = 1:components.NumObjects, labels(components.PixelIdxList{j}) = j; end
    cases{i} = struct('bw', bw, 'labels', labels, 'count', components.NumObjects);
end
end

function cases = fspecial_cases()
wanted = {'gaussian', 19, 3; 'gaussian', [5 7], 1.2; 'gaussian', 4, 0.8; 'gaussian', 21, 3; 'gaussian', 31, 0.5; ...
          'motion', 9, 0; 'motion', 5, 45; 'motion', 13.5, 30; 'motion', 8, 120; 'motion', 7, 90; ...
          'motion', 20, 175; 'motion', 10, -20; 'disk', 2, 0; 'disk', 3.5, 0; 'disk', 5, 0; 'disk', 0.6, 0; 'disk', 7.3, 0};
cases = cell(1, size(wanted, 1));
for i = 1:numel(cases)
    arguments_ = wanted(i, 2:3);
    if strcmp(wanted{i, 1}, 'disk'), arguments_ = wanted(i, 2); end
    cases{i} = struct('type', wanted{i, 1}, 'p1', wanted{i, 2}, 'p2', wanted{i, 3}, ...
                      'h', fspecial(wanted{i, 1}, arguments_{:}));
end
end

function cases = conv2_cases()
sizes = {[9 11], [3 3]; [8 7], [4 2]; [12 12], [5 1]; [6 6], [2 2]};
cases = cell(1, size(sizes, 1));
for i = 1:numel(cases)
    a = golden_random(60 + i, sizes{i, 1});
    b = golden_random(70 + i, sizes{i, 2}) - 0.4;
    cases{i} = struct('a', a, 'b', b, 'full', conv2(a, b), 'same', conv2(a, b, 'same'), ...
                      'valid', conv2(a, b, 'valid'));
end
end

function cases = interp2_cases()
img = golden_random(80, [9 13]);
xq = 15 * golden_random(81, [20 6]);
yq = 11 * golden_random(82, [20 6]);
[xg, yg] = meshgrid(1:1.5:13, 1:0.5:9);
cases = {struct('img', img, 'xq', xq, 'yq', yq, 'values', interp2_linear(img, xq, yq)), ...
         struct('img', img, 'xq', xg, 'yq', yg, 'values', interp2_linear(img, xg, yg))};
end

function cases = colour_cases()
images = golden_inputs();
rgb = images.astronaut_half(1:20, 1:25, :);
wide = 1.3 * golden_random(90, [15 11 3]) - 0.15;
cases = {struct('rgb', rgb, 'grey', rgb2gray_ntsc(rgb), 'lab', srgb2lab(double(rgb) / 255)), ...
         struct('rgb', golden_random(91, [9 8 3]), 'grey', rgb2gray_ntsc(golden_random(91, [9 8 3])), ...
                'lab', srgb2lab(golden_random(91, [9 8 3]))), ...
         struct('rgb', wide, 'lab', srgb2lab(wide))};
end
