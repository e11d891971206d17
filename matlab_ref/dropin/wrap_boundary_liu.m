function ret = wrap_boundary_liu(img, img_size)
%WRAP_BOUNDARY_LIU  Extend an image so that it is circularly smooth.
%   RET = WRAP_BOUNDARY_LIU(IMG, IMG_SIZE): IMG (H, W) or (H, W, 3) is the upper
%   left part of RET, whose rows and columns IMG_SIZE gives.
ret = engine_call('wrap_boundary_liu', {img, img_size});
end
