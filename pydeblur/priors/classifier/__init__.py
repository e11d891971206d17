"""The learned discriminative prior (section 3 of the paper): weights, backends, and the prior made of them."""
