function images = golden_inputs()
%GOLDEN_INPUTS  The committed uint8 images that the goldens start from.
here = fileparts(mfilename('fullpath'));
images = load(fullfile(here, '..', '..', 'tests', 'golden', 'inputs', 'images.mat'));
end
