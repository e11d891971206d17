function sI = downSmpImC(I, ret)
%DOWNSMPIMC  Shrink an image: low-pass, then bilinear sampling.
%   SI = DOWNSMPIMC(I, RET): I (H, W), RET <= 1 the factor; RET = 1 returns I.
sI = engine_call('downSmpImC', {I, ret});
end
