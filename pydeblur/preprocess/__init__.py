"""What is done to a picture before anything else.

The modules hold validation, the range of values, the grey channel, a median filter, clipped highlights, the region, and
the noise.
"""
