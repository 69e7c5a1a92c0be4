"""The plug-in of tiny models in this process, and bundles of weights alone."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import make

from zoo import plugins, registry
from zoo.families import create_model

TINY = Path(__file__).with_name("tiny")


@contextmanager
def tiny_models(folder: Path = TINY) -> Iterator[None]:
    """What the plug-in in `folder` brings, families, tasks and data, is there while it lasts."""
    sys.path.insert(0, str(folder))
    _forget()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        _forget()


def _forget() -> None:
    registry._specs.cache_clear()
    plugins.files_of_plugins.cache_clear()


def bundle_of_weights(out: Path, name: str, **changes):
    """A bundle `name` whose weights were drawn, and the model that has them; it holds no artifact that runs."""
    spec = registry.get_spec(name.partition(".")[0])
    model = create_model(spec.name, **changes)
    for weight in model.weights:
        weight.assign(weight + 0.5)  # biases and moving means are no longer those of a fresh model
    out.mkdir(exist_ok=True)
    model.save_weights(out / "drawn.weights.h5")
    inputs = {
        key: make.tensor(1, *[size or 1 for size in tensor.shape[1:]], kind="signal", dtype=tensor.dtype)
        for key, tensor in model.input.items()
    }
    outputs = {key: make.tensor(1, *[size or 1 for size in tensor.shape[1:]]) for key, tensor in model.output.items()}
    build = {**spec.arguments, **changes}
    manifest = make.of_family(make.manifest(inputs, outputs), spec.name, name.partition(".")[2], spec.family, build)
    files = {"float32.tflite": b"none", "model.weights.h5": (out / "drawn.weights.h5").read_bytes()}
    return make.bundle(out, name, manifest, files), model
