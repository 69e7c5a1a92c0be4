"""The Keras model as the reference that artifacts are compared with: named arrays in, named arrays out."""

from collections.abc import Mapping

import keras
import numpy as np

from zoo.bundle import Bundle, ignore
from zoo.families import load_model
from zoo.verify.keras_file import load_keras_file

MANY = 256

Arrays = Mapping[str, np.ndarray]


class Reference:
    """Runs one part of a Keras model under the names that the manifest gives its inputs and outputs.

    Args:
        model: the Keras model; the manifest has its inputs and outputs in the order of `model.inputs`, `model.outputs`.
        part: the part's entry in the manifest: `inputs` and `outputs` by name.
    """

    def __init__(self, model: keras.Model, part: Mapping):
        self._model, self._inputs, self._outputs = model, part["inputs"], list(part["outputs"])
        self._recurrent = [layer for layer in model._flatten_layers() if getattr(layer, "stateful", False)]
        fixed = next(iter(model.inputs)).shape[0]
        self._rows = fixed or (1 if self._recurrent else MANY)

    @property
    def half_precision(self) -> bool:
        """Whether a layer computes in 16 bits, so that the reference itself is rounded."""
        return any("16" in str(layer.compute_dtype) for layer in self._model._flatten_layers())

    def outputs(self, inputs: Arrays, report=ignore, stage: str = "Keras") -> dict[str, np.ndarray]:
        """The outputs, float32 by name, (n, ...), for inputs by name, (n, ...); each call begins at the zero state."""
        count = len(next(iter(inputs.values())))
        results = []
        for begin in range(0, count, self._rows):
            rows = np.minimum(np.arange(begin, begin + self._rows), count - 1)
            results.append(
                self._call({name: inputs[name][rows].astype(spec["dtype"]) for name, spec in self._inputs.items()})
            )
            report(stage, min(begin + self._rows, count), count)
        return {name: np.concatenate([each[name] for each in results])[:count] for name in self._outputs}

    def _call(self, arrays: Arrays) -> dict[str, np.ndarray]:
        for layer in self._recurrent:
            if hasattr(layer, "reset_states"):
                layer.reset_states()
        found = self._model.predict_on_batch(_as_the_model_takes_them(self._model, arrays))
        if not isinstance(found, dict):
            found = dict(zip(self._outputs, found if isinstance(found, list | tuple) else [found], strict=True))
        return {name: _whole_or_float32(found[name]) for name in self._outputs}


def keras_model(bundle: Bundle) -> keras.Model:
    """The Keras model that a bundle's artifacts came from: built by our code and given weights, or the user's own file.

    Raises:
        InputError: the user's file is refused, see `keras_file`.
        BundleError: a file is not what the manifest says.
    """
    if bundle.family is not None:
        return load_model(bundle.path)
    return load_keras_file(bundle.file(bundle.manifest["source"]))


def _as_the_model_takes_them(model: keras.Model, arrays: Arrays):
    """A dictionary where the model was built on one, else the arrays in the order of `model.inputs`."""
    structure = getattr(model, "_inputs_struct", None)
    if isinstance(structure, dict):
        return {key: arrays[key] for key in structure}
    values = list(arrays.values())
    return values[0] if len(values) == 1 else values


def _whole_or_float32(values) -> np.ndarray:
    values = np.asarray(values)
    return values if values.dtype.kind in "iub" else values.astype(np.float32)
