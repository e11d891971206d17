function grey = rgb2gray_ntsc(rgb)
%RGB2GRAY_NTSC  Luma with the weights of MATLAB's rgb2gray.
%   RGB is (H, W, 3), double in [0, 1] or uint8; GREY is (H, W) of the same
%   class (uint8: rounded, halves up).  The weights are the first row of the
%   inverse of the NTSC YIQ matrix, more digits than the usual 0.2989, 0.5870,
%   0.1140.  (Own name: Octave's core has an rgb2gray with other weights.)
weights = [0.29893602129377539, 0.58704307445112136, 0.11402090425510325];
img = double(rgb);
grey = weights(1) * img(:, :, 1) + weights(2) * img(:, :, 2) + weights(3) * img(:, :, 3);
if isa(rgb, 'uint8'), grey = uint8(round(grey)); end
end
