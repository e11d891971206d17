"""Training of the Gaussian mixture on patches that the final step "epll" takes as its prior [43]."""
