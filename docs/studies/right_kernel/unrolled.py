"""The solver's kernel step in PyTorch, with its derivatives, and the network that gives it gradients; see kernel_proposal.py."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.fft import irfft2, rfft2
from torch.nn import functional

from pydeblur.estimators.kernel_proposal import ADDED, IMAGE_WEIGHT, L2_WEIGHTS, LARGEST_MASK
from pydeblur.estimators.proposal_network import MULTIPLE, SLOPE, ProposalArchitecture
from pydeblur.solver.boundary import opt_fft_size

_ITERATIONS, _FLOOR, _TINY = 20, 0.05, 1e-12
#: Of what the blurred gradients have; what is left below it is not told apart.
_LEAST_ERROR = 3e-3


class ProposalNetwork(nn.Module):
    """The U-Net of :class:`pydeblur.estimators.proposal_network.ProposalArchitecture`; it starts with the solver's gradients.

    ``log_factor`` is the logarithm of what the weight of the kernel's norm is multiplied by.
    """

    def __init__(self, architecture: ProposalArchitecture):
        super().__init__()
        self.architecture = architecture
        for name, (outputs, inputs, side, stride) in architecture.convolutions().items():
            setattr(self, name, nn.Conv2d(inputs, outputs, side, stride, (side - 1) // 2))
        nn.init.zeros_(self.half_out.weight)
        nn.init.zeros_(self.half_out.bias)
        self.log_factor = nn.Parameter(torch.zeros(()))

    def forward(self, planes: torch.Tensor) -> torch.Tensor:
        """(N, 4, H, W) to (N, 3, H-1, W-1)."""
        rows, columns = planes.shape[-2:]
        planes = functional.pad(planes, (0, -columns % MULTIPLE, 0, -rows % MULTIPLE), mode="replicate")
        half = self._convolved("half_down", self._convolved("half_in", planes))
        quarter = self._convolved("quarter_down", self._convolved("quarter_in", half))
        eighth = self._convolved("eighth_in", quarter)
        for name in ("eighth_first", "eighth_second"):
            eighth = eighth + self._convolved(name, eighth)
        quarter = self._up("quarter", eighth, quarter)
        half = self._up("half", quarter, half)
        return functional.pixel_shuffle(self.half_out(half), 2)[..., : rows - 1, : columns - 1]

    def _up(self, name: str, below: torch.Tensor, beside: torch.Tensor) -> torch.Tensor:
        larger = functional.interpolate(below, scale_factor=2, mode="nearest")
        joined = self._convolved(f"{name}_join", torch.cat([larger, beside], 1))
        return joined + self._convolved(f"{name}_up", joined)

    def _convolved(self, name: str, given: torch.Tensor) -> torch.Tensor:
        return functional.leaky_relu(getattr(self, name)(given), SLOPE)


def gradients(image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """As :func:`pydeblur.solver.gradients.valid_gradients`."""
    corner = image[..., 1:, 1:]
    return image[..., 1:, :-1] - corner, image[..., :-1, 1:] - corner


def proposed_gradients(network, blurred, sparse, quadratic, mean, deviation, sign: float = 1.0):
    """The gradients (N, H-1, W-1) for the kernel step, in units of the deviation; without a network the solver's own.

    The network may be shown the negative (`sign` -1): its answer then belongs to that.
    """
    x, y = gradients(sparse / deviation)
    if network is None:
        return x, y
    said = network(sign * (torch.stack([blurred, sparse, *quadratic], 1) - mean[:, None]) / deviation[:, None])
    mask = (2 * torch.sigmoid(said[:, 0])).clamp(max=LARGEST_MASK)
    return mask * x + sign * ADDED * said[:, 1], mask * y + sign * ADDED * said[:, 2]


def quadratic_latents(spectrum, shape, own_shape, kernel) -> list[torch.Tensor]:
    """The two latent images that closed forms give, of a padded image's spectrum."""
    rows, columns = (torch.arange(count) for count in (shape[0], shape[1] // 2 + 1))
    power = 4 * torch.sin(math.pi * rows / shape[0])[:, None] ** 2 + 4 * torch.sin(math.pi * columns / shape[1]) ** 2
    otf = transfer_function(kernel, shape)
    numerator, denominator = otf.conj() * spectrum, otf.real**2 + otf.imag**2
    spectra = (numerator / (denominator + weight * (power + IMAGE_WEIGHT)) for weight in L2_WEIGHTS)
    return [irfft2(each, s=shape)[..., : own_shape[0], : own_shape[1]] for each in spectra]


def transfer_function(kernel: torch.Tensor, shape) -> torch.Tensor:
    """The half-spectra of kernels (N, n, n)."""
    side = kernel.shape[-1]
    padded = functional.pad(kernel, (0, shape[1] - side, 0, shape[0] - side))
    return rfft2(torch.roll(padded, (-(side // 2), -(side // 2)), (-2, -1)))


def window(image: torch.Tensor, side: int) -> torch.Tensor:
    """The square around the first element of periodic images."""
    places = torch.arange(-(side // 2), side - side // 2)
    return image[..., (places % image.shape[-2])[:, None], (places % image.shape[-1])[None, :]]


def estimated_kernel(x, y, blurred_spectra, side: int, relative_weight, weight) -> torch.Tensor:
    """Eq. (13) as :class:`pydeblur.solver.kernel.KernelProblem` solves it: kernels (N, n, n) of sum 1."""
    shape = x.shape[-2:]
    spectrum_x, spectrum_y = rfft2(x), rfft2(y)
    correlation = spectrum_x.conj() * blurred_spectra[0] + spectrum_y.conj() * blurred_spectra[1]
    power = spectrum_x.real**2 + spectrum_x.imag**2 + spectrum_y.real**2 + spectrum_y.imag**2
    right_side = window(irfft2(correlation, s=shape), side)
    lags = window(irfft2(torch.complex(power, torch.zeros_like(power)), s=shape), 2 * side - 1)
    energy = (x * x + y * y).sum((-2, -1), keepdim=True)
    # The equations are divided by the energy, which changes no solution.
    scale = energy.detach().clamp_min(_TINY)
    total = (relative_weight * energy + weight) / scale
    kernel = ToeplitzSolution.apply(lags / scale, right_side / scale, total)
    kernel = torch.where(kernel >= _FLOOR * kernel.detach().amax((-2, -1), keepdim=True), kernel, 0.0).clamp_min(0)
    return kernel / kernel.sum((-2, -1), keepdim=True).clamp_min(_TINY)


class ToeplitzSolution(torch.autograd.Function):
    """The solution of the Toeplitz equations on the kernel's square; its derivatives are a solution of the same equations."""

    @staticmethod
    def forward(ctx, lags, right_side, weight):
        side = right_side.shape[-1]
        solution = _conjugate_gradients(lags, weight, right_side, torch.full_like(right_side, side**-2))
        ctx.save_for_backward(lags, weight, solution)
        return solution

    @staticmethod
    def backward(ctx, gradient):
        lags, weight, solution = ctx.saved_tensors
        adjoint = _conjugate_gradients(lags, weight, gradient, torch.zeros_like(gradient))
        side = solution.shape[-1]
        length = (opt_fft_size(3 * side - 2),) * 2
        correlation = irfft2(rfft2(adjoint, s=length) * rfft2(solution, s=length).conj(), s=length)
        return -window(correlation, 2 * side - 1), adjoint, -_dot(adjoint, solution)


def _conjugate_gradients(lags, weight, right_side, solution):
    side = right_side.shape[-1]
    length = (opt_fft_size(3 * side - 2),) * 2
    spectrum = rfft2(lags, s=length)

    def operator(kernel):
        product = irfft2(rfft2(kernel, s=length) * spectrum, s=length)
        return product[..., side - 1 : 2 * side - 1, side - 1 : 2 * side - 1] + weight * kernel

    residual = right_side - operator(solution)
    direction, energy = residual, _dot(residual, residual)
    for _ in range(_ITERATIONS):
        image = operator(direction)
        step = energy / _dot(direction, image).clamp_min(1e-30)
        solution, residual = solution + step * direction, residual - step * image
        following = _dot(residual, residual)
        direction, energy = residual + (following / energy.clamp_min(1e-30)) * direction, following
    return solution


def _dot(one, other):
    return (one * other).sum((-2, -1), keepdim=True)


class KernelLoss:
    """log(||∇T⊗k - ∇B||² / ||∇B||²) within a margin, T being moved by the shift, in parts of a pixel, that suits k best.

    Parameters
    ----------
    sharp, clean : (N, H, W) tensor
        T, and B without noise.
    margin : int
        So many pixels at each border see what lies beyond the sharp image.
    """

    def __init__(self, sharp: torch.Tensor, clean: torch.Tensor, margin: int):
        self._sharp = [rfft2(each) for each in gradients(sharp)]
        self._clean = gradients(clean)
        self._spectra = [rfft2(each) for each in self._clean]
        self._own = (..., slice(margin, -margin), slice(margin, -margin))
        self._energy = sum((each[self._own] ** 2).sum((-2, -1)) for each in self._clean)

    def __call__(self, kernel: torch.Tensor) -> torch.Tensor:
        """(N,), of kernels (N, n, n)."""
        shape = self._clean[0].shape[-2:]
        otf = transfer_function(kernel, shape)
        reblurred = [otf * each for each in self._sharp]
        with torch.no_grad():
            moved = self._phase(reblurred, kernel.shape[-1], shape)
        error = sum(
            ((irfft2(each * moved, s=shape) - clean)[self._own] ** 2).sum((-2, -1))
            for each, clean in zip(reblurred, self._clean)
        )
        return torch.log(error / self._energy + _LEAST_ERROR)

    def _phase(self, reblurred, side: int, shape) -> torch.Tensor:
        """The spectrum of the best shift: a parabola through the correlation's maximum and its neighbours."""
        correlation = irfft2(sum(each.conj() * own for each, own in zip(reblurred, self._spectra)), s=shape)
        side = min(side, (min(shape) - 3) // 2 * 2 + 1)
        near = window(correlation, side)
        place = near.flatten(1).argmax(1)
        row, column = ((each.clamp(1, side - 2)) for each in (place // side, place % side))
        number = torch.arange(len(near))
        down = row - side // 2 + _vertex(*(near[number, row + step, column] for step in (-1, 0, 1)))
        right = column - side // 2 + _vertex(*(near[number, row, column + step] for step in (-1, 0, 1)))
        rows, columns = torch.fft.fftfreq(shape[0])[:, None], torch.fft.rfftfreq(shape[1])
        return torch.exp(-2j * math.pi * (rows * down[:, None, None] + columns * right[:, None, None]))


def _vertex(before, at, after):
    """Where a parabola through three values at -1, 0 and 1 has its maximum."""
    curvature = before - 2 * at + after
    return torch.where(curvature < 0, (before - after) / (2 * curvature), 0.0).clamp(-0.5, 0.5)
