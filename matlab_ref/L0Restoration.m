function S = L0Restoration(Im, kernel, lambda, kappa)
%L0RESTORATION  Non-blind deblurring with the L0 gradient prior.
%   S = L0RESTORATION(IM, KERNEL, LAMBDA, KAPPA): IM (H, W) or (H, W, C); LAMBDA
%   the weight of the prior; KAPPA (default 2) the growth of the penalty.
%   IM is padded by wrap_boundary_liu; S is cropped to IM's size.
%
%   Source: docs/algorithm, section 4 with lambda = 0 (the plain L0 method, [38]);
%   paper eq. (9)-(11) without u.
if nargin < 4, kappa = 2; end
check_picture(Im, 'Im', true);
[height, width, ~] = size(Im);
padded = wrap_boundary_liu(Im, opt_fft_size([height, width] + size(kernel) - 1));
S = L0Deblur_whole(padded, kernel, 0, lambda, kappa);
S = S(1:height, 1:width, :);
end
