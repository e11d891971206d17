"""Training of the network that ranks kernels by the errors of the images restored with them (docs/algorithm, section 9)."""
