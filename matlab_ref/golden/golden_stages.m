function golden_stages(out_dir)
%GOLDEN_STAGES  Goldens of every stage of the algorithm: OUT_DIR/stages/*.mat.
inputs = golden_stage_inputs();
for name = fieldnames(inputs)'
    cases = inputs.(name{1});
    for i = 1:numel(cases)
        cases{i} = golden_stage_output(name{1}, cases{i});
    end
    save_golden(out_dir, fullfile('stages', name{1}), numbered(cases));
end
end
