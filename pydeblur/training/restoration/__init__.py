"""The training of the network that makes the final image: see :mod:`pydeblur.training.restoration.training`."""
