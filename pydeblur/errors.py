"""The errors and warnings that users of pydeblur meet."""


class InvalidInputError(ValueError):
    """An argument, an option or a file is not what it should be; the message is one sentence that says what is.

    Examples
    --------
    >>> import pydeblur
    >>> try:
    ...     pydeblur.deconvolve([[0.5, 0.5]], [[1.0, 0.0]])
    ... except pydeblur.InvalidInputError as error:
    ...     print(error)
    both sides of the kernel should be odd, but its shape is (1, 2)
    """


class InvalidOptionError(InvalidInputError):
    """An option lies outside its range or is unknown.

    Examples
    --------
    >>> import pydeblur
    >>> try:
    ...     pydeblur.SolverOptions(kernel_size=10)
    ... except pydeblur.InvalidOptionError as error:
    ...     print(error)
    kernel_size should be an odd whole number of at least 3, but is 10
    """


class FileFormatError(InvalidInputError):
    """A file is missing, can't be read or written, or holds something else than expected.

    Examples
    --------
    >>> import pydeblur
    >>> try:
    ...     pydeblur.load_prior("classifier", weights="missing.onnx")
    ... except pydeblur.FileFormatError as error:
    ...     print(error)
    weights should be one of ... or the path of an ONNX file; there is no 'missing.onnx'.
    """


class KernelCollapseError(InvalidInputError):
    """The kernel estimate has nothing left in it (all zero or not finite), so there is nothing to deblur with.

    Examples
    --------
    >>> import numpy as np, pydeblur
    >>> try:
    ...     pydeblur.estimate_psf(*np.zeros((4, 9, 9)), weight=1.0, psf_size=3)
    ... except pydeblur.KernelCollapseError as error:
    ...     print(error)
    the kernel estimate collapsed: it has no mass left
    """


class WorkerLostError(InvalidInputError, MemoryError):
    """A worker process was killed, mostly because the memory was used up, or none can be started.

    Examples
    --------
    >>> from pydeblur.errors import WorkerLostError
    >>> issubclass(WorkerLostError, MemoryError)
    True
    """


class SchedulerError(InvalidInputError):
    """The scheduler of a cluster does not answer, or none of its workers can compute what is asked for.

    Examples
    --------
    >>> from pydeblur.errors import SchedulerError
    >>> issubclass(SchedulerError, InvalidInputError)
    True
    """


class WorkerLostWarning(UserWarning):
    """A worker of a cluster was lost, and what it worked on is given to another; or a worker can't be used.

    Examples
    --------
    >>> from pydeblur.errors import WorkerLostWarning
    >>> issubclass(WorkerLostWarning, UserWarning)
    True
    """


class BlurNotFoundWarning(UserWarning):
    """The kernel is probably not the right one, by the result's ``confidence``, or hardly blurs.

    Examples
    --------
    >>> from pydeblur.errors import BlurNotFoundWarning
    >>> issubclass(BlurNotFoundWarning, UserWarning)
    True
    """


class KernelBeyondTrainingWarning(UserWarning):
    """The kernel is larger than those that the network of the final step "learned" was trained with.

    Examples
    --------
    >>> import pydeblur
    >>> issubclass(pydeblur.KernelBeyondTrainingWarning, UserWarning)
    True
    """


class KernelSizeWarning(UserWarning):
    """The kernel presses against its border: the kernel size is too small for the blur. The message names the one to try.

    Examples
    --------
    >>> from pydeblur.errors import KernelSizeWarning
    >>> issubclass(KernelSizeWarning, UserWarning)
    True
    """


class KernelCollapseWarning(UserWarning):
    """The kernel is a point, or the picture looks sharp: it is not blurred by camera shake, and left as it is.

    Examples
    --------
    >>> import warnings
    >>> import numpy as np, pydeblur
    >>> image = np.random.default_rng(0).random((40, 40))
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     kernel = pydeblur.estimate_kernel(image, 3, prior="gradient", kernel_threshold=1).kernel
    >>> kernel.max().item(), caught[0].category.__name__
    (1.0, 'KernelCollapseWarning')
    """
