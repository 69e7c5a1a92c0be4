"""What is no Keras model though it may hold one: named for what it is, with the way from there."""

from pathlib import Path

from zoo.errors import InputError

_KERAS = 'save the Keras model itself, `model.save("model.keras")`, and export that file'
_REBUILD = "build the model in Keras and give it the weights"
FORMATS = {
    ".onnx": ("an ONNX graph", _REBUILD),
    ".pt": ("a PyTorch file", _REBUILD),
    ".pth": ("a PyTorch file", _REBUILD),
    ".safetensors": ("weights alone, no model", _REBUILD),
    ".ckpt": ("a checkpoint: weights alone, no model", "`model.load_weights` it, and " + _KERAS),
    ".pkl": ("a pickle, which is a program", _KERAS),
    ".joblib": ("a pickle, which is a program", _KERAS),
    ".json": ("an architecture without weights", "`keras.models.model_from_json`, `load_weights`, and " + _KERAS),
    ".pb": ("a TensorFlow graph without layers", _KERAS),
    ".tflite": ("an artifact already", _KERAS),
    ".npz": ("arrays, no model", _KERAS),
}


def refuse_foreign(path: Path) -> None:
    """Returns if a path may be a name, a run, a bundle or a Keras file.

    Raises:
        InputError: it is of another format, which the message names.
    """
    if path.suffix in FORMATS:
        what, way = FORMATS[path.suffix]
        raise InputError(f"`{path}` is {what}: expected a name, a run, a bundle, a `.keras` or an `.h5` file", way)
