"""First members of the seeds of all random streams, by which no stream draws what another has drawn."""

#: Of the random kernels, by the split whose images they blur: a network is never tested with kernels of its training.
KERNELS = {"train": 0, "validation": 2, "test": 3}
#: Of the batches.
BATCHES = 1
