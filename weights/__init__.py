"""The shipped weights of the classifier, as ONNX files, and EPLL's patch mixture, with a model card each."""
