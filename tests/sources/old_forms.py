"""What older versions of Keras 2 wrote otherwise: changes of a file of `tf_keras`, each as such a version had it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np


def rewritten(path: Path, change: Callable[[dict], object], version: str = "2.2.4") -> Path:
    """A copy of an `.h5` file whose configuration a function has changed or given anew."""
    copy = path.with_name("rewritten.h5")
    copy.write_bytes(path.read_bytes())
    with h5py.File(copy, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        config = change(config) or config
        file.attrs["model_config"], file.attrs["keras_version"] = json.dumps(config).encode(), version
    return copy


def layers_of(config: object, *kinds: str) -> Iterator[dict]:
    """Every layer of the kinds, at any depth."""
    if isinstance(config, dict):
        if config.get("class_name") in kinds:
            yield config
        config = list(config.values())
    for value in config if isinstance(config, list) else ():
        yield from layers_of(value, *kinds)


def as_list(config: dict) -> None:
    """Up to 2.2.2 a Sequential was a list, the shape in its first layer."""
    for entry in [*layers_of(config, "Sequential")]:
        entry["config"] = without_input(entry["config"])["layers"]


def no_input_layer(config: dict) -> None:
    """Up to 2.3.1 a Sequential had no InputLayer."""
    for entry in layers_of(config, "Sequential"):
        without_input(entry["config"])


def without_input(config: dict) -> dict:
    first, second, *_ = config["layers"]
    if first["class_name"] == "InputLayer":
        second["config"]["batch_input_shape"] = first["config"]["batch_input_shape"]
        config["layers"].pop(0)
    return config


def no_reset_after(config: dict) -> None:
    """Up to 2.1 there was one kind of GRU."""
    for entry in layers_of(config, "GRU"):
        del entry["config"]["reset_after"]


def no_gates(config: dict) -> None:
    """A file that does not give the gates' activation means what was usual then."""
    for entry in layers_of(config, "LSTM", "GRU", "ConvLSTM2D"):
        del entry["config"]["recurrent_activation"]


def arguments_of_then(config: dict) -> None:
    """What Keras 3 does not take: initialisers with a dtype, `groups`, `noise_shape`, `input_spec`, policies."""
    for entry in layers_of(config, "SeparableConv1D", "Conv1D", "LSTM", "SpatialDropout1D", "Dense", "ReLU", "ELU"):
        inner = entry["config"]
        for key in [key for key in inner if key.endswith("kernel_initializer")]:
            inner[key] = {"class_name": "GlorotUniform", "config": {"seed": None, "dtype": "float32"}}
        more = {"SeparableConv1D": {"groups": 1}, "SpatialDropout1D": {"noise_shape": None}}
        inner |= more.get(entry["class_name"], {})
        inner["dtype"] = {"class_name": "Policy", "config": {"name": "float32"}}
        if entry["class_name"] == "ELU":
            inner["alpha"] = {"type": "ndarray", "value": inner["alpha"]}
        if entry["class_name"] == "LSTM":
            inner |= {"implementation": 0, "input_spec": [{"class_name": "InputSpec"}], "time_major": False}


def _recurrent(group: h5py.Group) -> Iterator[h5py.Group]:
    if "recurrent_kernel:0" in group:
        yield group
    for member in group.values():
        if isinstance(member, h5py.Group):
            yield from _recurrent(member)


def of_cudnn(path: Path) -> None:
    """Puts the weights of every LSTM and GRU of a file into the form in which cuDNN's layers kept them."""
    with h5py.File(path, "r+") as file:
        for group in [*_recurrent(file["model_weights"])]:
            kernel, recurrent, bias = (group[f"{name}:0"][()] for name in ("kernel", "recurrent_kernel", "bias"))
            units = len(recurrent)
            gates = kernel.shape[1] // units
            flat = [part.T.reshape(part.shape) for part in np.split(kernel, gates, axis=1)]
            turned = [part.T for part in np.split(recurrent, gates, axis=1)]
            halves = [0.25 * bias, 0.75 * bias] if bias.ndim == 1 else list(bias)
            for name, value in (("kernel", np.hstack(flat)), ("recurrent_kernel", np.hstack(turned))):
                group[f"{name}:0"][...] = value
            del group["bias:0"]
            group["bias:0"] = np.concatenate(halves)


def named_cudnn(config: dict) -> None:
    """LSTM and GRU by the names that they had on a GPU, with what cuDNN's layers said of themselves."""
    said = ("name", "trainable", "units", "return_sequences", "return_state", "go_backwards", "unit_forget_bias")
    for entry in layers_of(config, "LSTM", "GRU"):
        entry["class_name"] = f"CuDNN{entry['class_name']}"
        kept = (*said, "batch_input_shape")
        entry["config"] = {key: value for key, value in entry["config"].items() if key in kept}
