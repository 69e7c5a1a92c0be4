"""The arrays of a Keras 2 file put into a model that was translated from it: each where it belongs, none left over.

An `.h5` file holds the arrays of each of the model's layers in one list, in the order in which the configuration lists
what is inside, first what is trained and then what is not.  A zip of Keras 2.12 to 2.15 holds them in folders that
follow the objects (see `zipped`).
"""

from collections.abc import Iterator, Mapping, Sequence

import h5py
import keras
import numpy as np

from zoo.errors import InputError
from zoo.sources.keras_2.translate import Part


def load_arrays(
    model: keras.Model, parts: Sequence[Part], arrays: Mapping[str, Sequence[np.ndarray]], file: str
) -> None:
    """Gives the layers of a model their weights.

    Args:
        model: as it was translated.
        parts: its layers, in the order of the file.
        arrays: by layer, as the file calls it, those that the file has for it.
        file: its name, for messages.

    Raises:
        InputError: a layer has other weights than the file.
    """
    layers = {layer.name: layer for layer in model.layers}
    known = {part.old for part in parts}
    if unknown := [name for name, given in arrays.items() if len(given) and name not in known]:
        raise InputError(f"`{file}` has weights of a layer that its model has not: `{unknown[0]}`")
    for part in parts:
        if part.name in layers:
            variables = list(_weights(layers[part.name], part.inner))
            trained = [each for each in variables if each.trainable]
            others = [each for each in variables if not each.trainable]
            set_weights(part.old, trained + others, arrays.get(part.old, ()), file)
    finish(model)


def set_weights(name: str, variables: Sequence[keras.Variable], arrays: Sequence[np.ndarray], file: str) -> None:
    """Gives variables their values, after what cuDNN's layers wrote is brought into the form of plain ones.

    Raises:
        InputError: there are more or fewer arrays, or one has another shape.
    """
    arrays = _without_counts(variables, arrays)
    if len(arrays) != len(variables):
        raise InputError(
            f"layer `{name}` of `{file}` has {len(arrays)} arrays of weights, expected {len(variables)}: "
            f"{', '.join(variable.name for variable in variables) or 'none'}"
        )
    arrays = _of_plain_layers(variables, list(arrays))
    for variable, array in zip(variables, arrays, strict=True):
        if variable.shape != array.shape:
            raise InputError(
                f"weight `{variable.name}` of layer `{name}` of `{file}` has the shape {array.shape}, "
                f"expected {tuple(variable.shape)}"
            )
        variable.assign(array)


def finish(model: keras.Model) -> None:
    """Lets layers compute what follows from their weights."""
    for layer in model._flatten_layers(include_self=False):
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()


def read_groups(group: h5py.Group) -> dict[str, list[np.ndarray]]:
    """The arrays of an `.h5` file's layers, by layer.

    Raises:
        KeyError: a group names what it has not.
        InputError: the model has weights that are no layer's.
    """
    if "top_level_model_weights" in group and _names(group["top_level_model_weights"], "weight_names"):
        raise InputError("its model has weights that are no layer's", "put them into a layer")
    return {
        name: [np.asarray(group[name][weight]) for weight in _names(group[name], "weight_names")]
        for name in _names(group, "layer_names")
    }


def _names(group: h5py.Group, key: str) -> list[str]:
    """A list of names, which HDF5 makes Keras cut into pieces where it is long."""
    if key in group.attrs:
        pieces = [group.attrs[key]]
    else:
        pieces = []
        while f"{key}{len(pieces)}" in group.attrs:
            pieces.append(group.attrs[f"{key}{len(pieces)}"])
    return [name.decode() if isinstance(name, bytes) else str(name) for piece in pieces for name in piece]


def _weights(layer: keras.Layer, inner: Sequence[Part]) -> Iterator[keras.Variable]:
    """Of a model, or of a layer that wraps one, those of its layers in the order of the file."""
    if isinstance(layer, keras.Model):
        layers = {each.name: each for each in layer.layers}
        for part in inner:
            if part.name in layers:
                yield from _weights(layers[part.name], part.inner)
    elif inner and isinstance(layer, keras.layers.Wrapper):
        yield from _weights(layer.layer, inner)
    else:
        yield from layer.weights


def _without_counts(variables: Sequence[keras.Variable], arrays: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
    """Without the count of examples that a `Normalization` of Keras 2 kept with its mean and variance."""
    is_normalization = [variable.name for variable in variables] == ["mean", "variance"]
    return arrays[:2] if is_normalization and len(arrays) == 3 and arrays[2].shape == () else arrays


def _of_plain_layers(variables: Sequence[keras.Variable], arrays: list[np.ndarray]) -> list[np.ndarray]:
    """Kernel, recurrent kernel and bias of CuDNNLSTM and CuDNNGRU as LSTM and GRU have them.

    cuDNN adds a second bias to every gate: (8 units,) and (6 units,).  Each gate's kernel lies in the file as cuDNN
    reads it, (units, inputs) row by row, whatever shape it has there.
    """
    for place in range(2, len(arrays)):
        bias, shape = arrays[place], tuple(variables[place].shape)
        if bias.ndim != 1 or bias.shape == shape or not _is_recurrent(variables[place - 2 : place + 1]):
            continue
        units = variables[place - 1].shape[0]
        if bias.size not in (8 * units, 6 * units):
            continue
        gates = bias.size // (2 * units)
        kernels = np.split(arrays[place - 2], gates, axis=1)
        arrays[place - 2] = np.hstack([kernel.reshape(units, -1).T for kernel in kernels])
        arrays[place - 1] = np.hstack([kernel.T for kernel in np.split(arrays[place - 1], gates, axis=1)])
        halves = bias.reshape(2, -1)
        arrays[place] = halves if shape == halves.shape else halves.sum(axis=0)
    return arrays


def _is_recurrent(variables: Sequence[keras.Variable]) -> bool:
    return [variable.name for variable in variables] == ["kernel", "recurrent_kernel", "bias"]
