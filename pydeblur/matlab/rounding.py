"""MATLAB's ``round``."""

import numpy as np

from pydeblur.matlab._arguments import real_array


def matlab_round(x):
    """Round to the nearest whole number, halves away from zero (NumPy rounds halves to the even number).

    The result is exact for every float: 0.49999999999999994 gives 0, and large odd numbers stay what they are, where
    ``floor(x + 0.5)`` fails.

    Parameters
    ----------
    x : scalar or array_like
        Real; NaN and infinities stay as they are.

    Returns
    -------
    scalar or ndarray
        The shape of `x`; floats keep their dtype, integers and booleans are returned unchanged.

    Raises
    ------
    InvalidInputError
        When `x` is not real and numeric.

    Examples
    --------
    >>> from pydeblur.matlab import matlab_round
    >>> matlab_round([0.5, 1.5, 2.5, -2.5]).tolist()
    [1.0, 2.0, 3.0, -3.0]
    """
    x = real_array(x, "x")
    if x.dtype.kind != "f":
        return x[()]
    whole = np.trunc(x)
    with np.errstate(invalid="ignore"):  # inf - inf
        away = np.abs(x - whole) >= 0.5  # the difference is exact
    return np.where(away, whole + np.copysign(x.dtype.type(1), x), whole)[()]
