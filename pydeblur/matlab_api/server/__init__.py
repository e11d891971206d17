"""The process that computes for MATLAB and Octave: it reads requests line by line, and answers each.

The functions of ``matlab_ref/dropin`` start one for each session of MATLAB or Octave, as ``pydeblur matlab-server``.
:mod:`~pydeblur.matlab_api.server.request` says what a request looks like, :mod:`~pydeblur.matlab_api.server.session` what is
answered.
"""

from pydeblur.matlab_api.server.session import serve

__all__ = ["serve"]
