"""Who takes part: our files, the stock conversions of Keras's layers, PyTorch, ONNX Runtime."""
