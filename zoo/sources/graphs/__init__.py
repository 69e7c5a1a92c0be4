"""Models without layers: the graph of an inference function, of a SavedModel or of a live object, as one layer."""
