function flat = numbered(cases)
%NUMBERED  A cell array of structs as one struct: fields c1_NAME, c2_NAME, ...
%   and n_cases.
flat = struct('n_cases', numel(cases));
for i = 1:numel(cases)
    for name = fieldnames(cases{i})'
        flat.(sprintf('c%d_%s', i, name{1})) = cases{i}.(name{1});
    end
end
end
