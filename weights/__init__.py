"""The shipped weights of the classifier, as ONNX files with a model card each."""
