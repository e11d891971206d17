"""Training of the classifier that tells blurred from clear images (section 3 of the paper; docs/algorithm, section 8)."""
