function [px, py, threshold] = threshold_pxpy_v1(latent, psf_size, threshold)
%THRESHOLD_PXPY_V1  Gradients of the latent image, the weak ones set to 0.
%   [PX, PY, THRESHOLD] = THRESHOLD_PXPY_V1(LATENT, PSF_SIZE) finds the threshold
%   for the squared magnitude; [...] = THRESHOLD_PXPY_V1(LATENT, PSF_SIZE,
%   THRESHOLD) takes the one given, and returns THRESHOLD/1.1 for the next call.
inputs = {latent, psf_size};
if nargin > 2, inputs{3} = threshold; end
[px, py, threshold] = engine_call('threshold_pxpy_v1', inputs);
end
