"""hybrid-zoo: CNNs, RNNs and their hybrids for devices.

    import zoo

    zoo.list_models("ecg*")                      names, from the registry
    zoo.get_spec("resnet8").facts                parameters, MACs, shapes
    zoo.create_model("resnet8", num_classes=2)   a Keras model, untrained
    zoo.load_model("ecg_lstm4.mitbih")           a Keras model, pretrained
    zoo.train("resnet_tiny.digits")              a run, resumable, evaluated at its end
    zoo.evaluate("resnet8.cifar10", "int8")      scores of a run or of artifacts on the test split
    zoo.export_model(model, ["int8"], out="out", calibration="examples.npz")
    zoo.verify("resnet8.cifar10")                every artifact through its gates again
    zoo.load_bundle("resnet8.cifar10")           a bundle on disk: manifest, card, files
    zoo.runtime.load("resnet8.cifar10")          a predictor on LiteRT; needs no TensorFlow

Importing `zoo` imports none of this: each name is loaded when it is first used, and TensorFlow when a model is first
built.
"""

import importlib

_HOME = {
    "list_models": "zoo.registry",
    "get_spec": "zoo.registry",
    "create_model": "zoo.families",
    "load_model": "zoo.families",
    "train": "zoo.training",
    "evaluate": "zoo.verify.evaluating",
    "export_model": "zoo.export",
    "load_bundle": "zoo.bundle",
    "ZooError": "zoo.errors",
}

_PACKAGES = ("runtime", "verify")

__all__ = [*_HOME, *_PACKAGES, "__version__"]


def __getattr__(name: str):
    if name in _PACKAGES:
        return importlib.import_module(f"zoo.{name}")
    if name == "__version__":
        return _version()
    if name not in _HOME:
        raise AttributeError(f"module `zoo` has no attribute `{name}`; it has {', '.join(__all__)}")
    from zoo.errors import MissingAttributeError, needs

    with needs("train", MissingAttributeError):
        return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__


def _version() -> str:
    from importlib import metadata

    try:
        return metadata.version("hybrid-zoo")
    except metadata.PackageNotFoundError:  # run from a checkout that is not installed
        return "unknown"
