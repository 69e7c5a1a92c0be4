"""Putting TFLite files together: a graph of tensors and operators, read from a file, spliced, repaired and written again.

Nothing here knows Keras or TensorFlow; the schema's object API (`ai_edge_litert.schema_py_generated`) is all it stands on.
"""
