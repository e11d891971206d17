function save_golden(out_dir, name, values)
%SAVE_GOLDEN  Write one struct's fields as the variables of OUT_DIR/NAME.mat.
%   MATLAB's v7 format (compressed).  The descriptive text at the file's start
%   holds a date; it is overwritten, so that equal contents give equal files.
file = fullfile(out_dir, [name, '.mat']);
if ~exist(fileparts(file), 'dir'), mkdir(fileparts(file)); end
save('-v7', file, '-struct', 'values');
text = 'MATLAB 5.0 MAT-file, written by matlab_ref/make_golden of pydeblur';
id = fopen(file, 'r+');
fwrite(id, [text, repmat(' ', 1, 116 - numel(text))], 'char');
fclose(id);
end
