function check_picture(picture, name, may_be_colour)
%CHECK_PICTURE  Refuse what the functions of this folder would take wrongly.
%   CHECK_PICTURE(PICTURE, NAME, MAY_BE_COLOUR) raises an error, 'matlab_ref:class',
%   'matlab_ref:size' or 'matlab_ref:values', unless PICTURE is of floating point,
%   real and finite, not of 8-bit numbers, and (H, W), or, where MAY_BE_COLOUR is
%   true, (H, W, C).  NAME is what the message calls it.
if ~isfloat(picture)
    error('matlab_ref:class', '%s should be double in [0, 1], but is of the class %s: use im2double.', name, class(picture));
end
if isempty(picture) || ndims(picture) > 2 + may_be_colour
    shape = 'grey, (H, W)';
    if may_be_colour, shape = '(H, W) or (H, W, 3)'; end
    sides = sprintf(' x %d', size(picture));
    error('matlab_ref:size', '%s should be %s, but its size is %s.', name, shape, sides(4:end));
end
if ~isreal(picture) || ~all(isfinite(picture(:)))
    error('matlab_ref:values', '%s should be real and finite.', name);
end
largest = max(abs(picture(:)));
if largest > 100    % ringing goes a little beyond 1, 8-bit numbers go to 255
    error('matlab_ref:values', '%s should be in [0, 1], but holds values up to %g: divide it by 255 or 65535.', name, largest);
end
end
