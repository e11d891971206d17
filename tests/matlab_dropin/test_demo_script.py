"""Scripts as the MATLAB family's releases have them, run by Octave on the Python engine."""

import numpy as np
import pytest
import scipy.io

from pydeblur import matlab_api

#: Nothing in it is ours but the addpath, the picture's name, and the last line.
DEMO = """
clc;
clear all;
close all;
addpath('DROPIN');
opts.prescale = 1;
opts.xk_iter = 5;
opts.k_thresh = 20;
%filename = 'image/other.png'; opts.kernel_size = 45; saturation = 1;
filename = 'image/photo_blurred.png'; opts.kernel_size = 9; saturation = 0;
lambda_pixel = 4e-3; lambda_grad = 4e-3; opts.gamma_correct = 1.0;
lambda_tv = 0.001; lambda_l0 = 5e-4; weight_ring = 1;
if exist('other_settings', 'file'), other_settings; end
y = imread(filename);
isselect = 0; %false or true
if isselect ==1
    figure, imshow(y);
    h = imrect;
    position = wait(h);
    close;
    B_patch = imcrop(y,position);
    y = (B_patch);
else
    y = y;
end
if size(y,3)==3
    yg = im2double(rgb2gray(y));
else
    yg = im2double(y);
end
tic;
[kernel, interim_latent] = blind_deconv(yg, lambda_pixel, lambda_grad, opts);
toc
y = im2double(y);
if ~saturation
    Latent = ringing_artifacts_removal(y, kernel, lambda_tv, lambda_l0, weight_ring);
else
    Latent = whyte_deconv(y, kernel);
end
k = kernel - min(kernel(:));
k = k./max(k(:));
imwrite(k,['results/' filename(7:end-4) '_kernel.png']);
imwrite(Latent,['results/' filename(7:end-4) '_result.png']);
imwrite(interim_latent,['results/' filename(7:end-4) '_interim_result.png']);
save('-v6', 'results/workspace.mat', 'kernel', 'interim_latent', 'Latent');
"""
SETTINGS = {"kernel_size": 9.0, "xk_iter": 5.0, "gamma_correct": 1.0, "k_thresh": 20.0, "prescale": 1.0}


def prepare(octave, photo):
    """The demo's folders, with the picture."""
    for name in ("image", "results"):
        (octave.folder / name).mkdir()
    matlab_api.imwrite(photo, octave.folder / "image" / "photo_blurred.png")


@pytest.mark.octave
def test_a_demo_runs_unchanged_twice_in_one_session(octave, colour_photo):
    prepare(octave, colour_photo)
    saturated = DEMO.replace("saturation = 0;", "saturation = 1;").replace("workspace", "saturated")
    octave.run(DEMO + saturated, "demo_text_deblurring")

    y = matlab_api.im2double(colour_photo)
    yg = matlab_api.im2double(matlab_api.rgb2gray(colour_photo))
    kernel, interim_latent = matlab_api.blind_deconv(yg, 4e-3, 4e-3, SETTINGS)
    found, after_whyte = (
        scipy.io.loadmat(octave.folder / f"results/{name}.mat") for name in ("workspace", "saturated")
    )
    assert np.max(np.abs(found["kernel"] - kernel)) < 1e-9
    assert np.max(np.abs(found["interim_latent"] - interim_latent)) < 1e-9
    latent = matlab_api.ringing_artifacts_removal(y, kernel, 1e-3, 5e-4, 1)
    assert np.max(np.abs(found["Latent"] - latent)) < 1e-9
    assert np.max(np.abs(after_whyte["Latent"] - matlab_api.whyte_deconv(y, kernel))) < 1e-9
    written = matlab_api.imread(octave.folder / "results" / "photo_blurred_kernel.png")
    assert written.max() == np.iinfo(written.dtype).max and written.shape == (9, 9)
    assert len(octave.starts()) == 1  # although each demo begins with "clear all"
    assert octave.session_folders() == []


@pytest.mark.octave
def test_two_sessions_at_once_and_the_other_priors(octave, colour_photo):
    """A folder per prior; numbers of other classes, even and doubled sizes, and fields that nobody knows."""
    prepare(octave, colour_photo)
    dark = """
        addpath('DROPIN/dark_channel');
        y = imread('image/photo_blurred.png')(1:60, 1:64, 2);
        opts = struct('kernel_size', [7 7], 'xk_iter', single(2), 'patch', 11, 'lambda_tv', 1e-3, 'gama', {{2}});
        [kernel, latent] = blind_deconv(y, 4e-3, 4e-3, opts);
        [~, id] = lastwarn();
        [k, a, b, S] = blind_deconv_main(im2double(y), init_kernel(7), 4e-3, 4e-3, 0.01, opts);
        save('-v6', 'results/dark.mat', 'kernel', 'id', 'k', 'a');
    """
    even = """
        addpath('DROPIN');
        lambda_dark = 4e-3;
        y = imread('image/photo_blurred.png')(1:60, 1:64, 2);
        kernel = blind_deconv(y, lambda_dark, 4e-3, struct('kernel_size', 8, 'xk_iter', 2));
        [~, id] = lastwarn();
        grey = blind_deconv(y, 0, 4e-3, struct('kernel_size', uint8(7), 'xk_iter', 2, 'prior', 'gradient'));
        save('-v6', 'results/even.mat', 'kernel', 'id', 'grey');
    """
    processes = [octave.start(dark, "dark"), octave.start(even, "even")]
    for process in processes:
        octave.finished(process)
    found = {name: scipy.io.loadmat(octave.folder / f"results/{name}.mat") for name in ("dark", "even")}

    y = colour_photo[:60, :64, 1]
    opts = {"kernel_size": 7, "xk_iter": 2, "prior": "dark_channel", "patch": 11}
    expected = matlab_api.blind_deconv(y, 4e-3, 4e-3, opts)[0]
    assert np.max(np.abs(found["dark"]["kernel"] - expected)) < 1e-9
    once = matlab_api.blind_deconv_main(y, matlab_api.init_kernel(7), 4e-3, 4e-3, 0.01, opts)
    assert np.max(np.abs(found["dark"]["k"] - once[0])) < 1e-9
    assert found["dark"]["a"].item() == pytest.approx(4e-3 / 1.1**2)
    assert found["dark"]["id"].item() == "pydeblur:UnknownFieldWarning"
    assert found["even"]["id"].item() == "pydeblur:PriorWarning"
    assert found["even"]["kernel"].shape == (9, 9)
    gradient = matlab_api.blind_deconv(y, 0, 4e-3, {"kernel_size": 7, "xk_iter": 2})[0]
    assert np.max(np.abs(found["even"]["grey"] - gradient)) < 1e-9
    assert len(octave.starts()) == 2
    assert octave.session_folders() == []
