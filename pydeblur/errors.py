"""The errors and warnings that users of pydeblur meet."""


class InvalidInputError(ValueError):
    """An argument, an option or a file is not what it should be; the message is one sentence that says what is."""


class InvalidOptionError(InvalidInputError):
    """An option lies outside its range or is unknown."""


class FileFormatError(InvalidInputError):
    """A file is missing, can't be read or written, or holds something else than expected."""


class KernelCollapseError(InvalidInputError):
    """The kernel estimate has nothing left in it (all zero or not finite), so there is nothing to deblur with."""


class KernelCollapseWarning(UserWarning):
    """The kernel estimate is a delta: the result is the input, hardly changed."""
