"""The final steps on pictures of any size: memory follows from a tile, not from the picture.

A deconvolution has no reach that tiles with an overlap could respect: near the zeros of a kernel's transfer function the
inverse filter rings on for hundreds of pixels (docs/how_to/large_images has the measured decay). So the transforms are
those of the whole picture, and only their computation is tiled: a transform is one pass over strips of rows and one
over blocks of columns, and what lies between the passes waits in a temporary file. The local parts of an iteration see a
strip of rows with the few rows above and below that they reach to. The results are those of the whole picture, but for
rounding.
"""

from __future__ import annotations
