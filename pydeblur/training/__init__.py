"""Blur synthesis and training of the blurred-or-clear classifier (section 3 of the paper).

:mod:`.kernels`, :mod:`.synthesis` and :mod:`.images` need NumPy and SciPy only; :mod:`.network`, :mod:`.loop`
and :mod:`.evaluation` need PyTorch (``pip install pydeblur[train]``) and are imported only when asked for.
"""
