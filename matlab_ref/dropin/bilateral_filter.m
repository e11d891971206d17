function r_img = bilateral_filter(img, sigma_s, sigma_r, boundary)
%BILATERAL_FILTER  Edge-preserving smoothing in single precision.
%   R_IMG = BILATERAL_FILTER(IMG, SIGMA_S, SIGMA_R): IMG (H, W) or (H, W, 3);
%   defaults 3 and 0.1; R_IMG is single.  The distances of a colour image are
%   taken in CIE Lab, with 100 SIGMA_R.
%   R_IMG = BILATERAL_FILTER(IMG, SIGMA_S, SIGMA_R, 'replicate') is the same.
if nargin < 2, sigma_s = 3; end
if nargin < 3, sigma_r = 0.1; end
if nargin < 4, boundary = 'replicate'; end
r_img = engine_call('bilateral_filter', {img, sigma_s, sigma_r, boundary});
end
