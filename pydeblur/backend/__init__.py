"""Everything that decides what computes.

The modules hold array libraries, Fourier transforms, compiled loops, ONNX Runtime, devices and threads.
"""
