"""A SavedModel as a Keras model: the graph of its inference function is one layer."""
