"""What is done to one picture, step by step: from the arguments of a call to its result.

:mod:`pydeblur.api` has the calls themselves.
"""
