"""The names of the models of a camera's motion, which the command line's help needs without NumPy."""

#: "roll-xy": rotation about the optical axis and translations in the picture's plane. "rotations": all three rotations.
MODELS = ("roll-xy", "rotations")
