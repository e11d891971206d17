"""Blind image deblurring with a learned discriminative prior (CVPR 2018)."""
