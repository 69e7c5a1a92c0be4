"""What the small bundle of these tests holds.  A bundle is files: what is in them is no matter here."""

import make

from zoo.bundle import write_bundle

NAME = "sun.rise"
FILES = {
    "float32.tflite": b"weights as they are",
    "int8.tflite": b"weights in one byte",
    "saved_model/saved_model.pb": b"a graph",
    "saved_model/variables/variables.index": b"an index",
}


def write(out, manifest, spoil=lambda folder: None, files=FILES):
    """Writes the small bundle below `out`; `spoil(folder)` is called before it is closed."""
    with write_bundle(out, NAME, manifest) as folder:
        make.fill(folder, files)
        spoil(folder)
