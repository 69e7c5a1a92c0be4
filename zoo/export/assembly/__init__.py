"""Putting TFLite files together: graphs of tensors and operators, read from files, joined, repaired and written.

Nothing here knows Keras or TensorFlow; the schema's object API (`ai_edge_litert.schema_py_generated`) is all it needs.
"""
