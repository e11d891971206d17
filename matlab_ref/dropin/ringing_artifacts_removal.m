function result = ringing_artifacts_removal(y, kernel, lambda_tv, lambda_l0, weight_ring)
%RINGING_ARTIFACTS_REMOVAL  Non-blind deblurring with ringing suppressed.
%   RESULT = RINGING_ARTIFACTS_REMOVAL(Y, KERNEL, LAMBDA_TV, LAMBDA_L0, WEIGHT_RING)
%   Y (H, W) or (H, W, 3) in [0, 1]; RESULT of its size, not clipped.  Usual
%   values are 1e-3, 5e-4 to 2e-3, and 1; with WEIGHT_RING 0 it is the result of
%   total variation alone.
result = engine_call('ringing_artifacts_removal', {y, kernel, lambda_tv, lambda_l0, weight_ring});
end
