function H = pose_homographies(parameters, img_size, model, focal_length)
%POSE_HOMOGRAPHIES  Homographies of camera poses, eq. (14) of the paper.
%   H = POSE_HOMOGRAPHIES(PARAMETERS, IMG_SIZE, MODEL, FOCAL_LENGTH) is
%   (3, 3, T) for PARAMETERS (T, 3).  MODEL 'roll-xy': each row is the
%   translation to the right and down in pixels and the roll in radians.
%   MODEL 'rotations': each row is a rotation vector about the x, y and z axes
%   [35].  H * [x; y; 1] is where a pixel (0-based column x, row y) of the
%   sharp picture of IMG_SIZE = [rows columns] is put.
count = size(parameters, 1);
centre = (img_size([2 1])' - 1) / 2;
from_centre = [eye(2), centre; 0 0 1];
to_centre = [eye(2), -centre; 0 0 1];
H = zeros(3, 3, count);
for t = 1:count
    p = parameters(t, :);
    if strcmp(model, 'roll-xy')
        M = [cos(p(3)), -sin(p(3)), p(1); sin(p(3)), cos(p(3)), p(2); 0 0 1];
    else
        calibration = diag([focal_length, focal_length, 1]);
        M = calibration * expm([0, -p(3), p(2); p(3), 0, -p(1); -p(2), p(1), 0]) / calibration;
    end
    H(:, :, t) = from_centre * M * to_centre;
end
end
