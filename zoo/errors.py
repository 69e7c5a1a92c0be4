"""The errors of a user: each says what was found, what was expected and what to do.

The command line prints `message` behind `error:` and `hint` behind `hint:`, without a trace, and exits with
`exit_code`.  Any other exception is a fault of ours and keeps its trace.
"""

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class ZooError(Exception):
    """A mistake that the user can mend.

    Args:
        message: what was found and what was expected, in one sentence; no full stop at its end.
        hint: what to do about it, in one sentence; commands stand in backticks.
    """

    exit_code = 2

    def __init__(self, message: str, hint: str | None = None):
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message


class UnknownNameError(ZooError):
    """A model, tag, data set, recipe or target that does not exist."""


class InputError(ZooError):
    """An array, a file or an option that does not fit what it is given to."""


class RecipeError(ZooError):
    """A recipe that cannot be followed."""


class DataError(ZooError):
    """A data set that is not there or not what it should be."""


class BundleError(ZooError):
    """A bundle that is corrupt, incomplete or forged."""


class ConversionError(ZooError):
    """A model that cannot be converted, or a converter that failed."""


class PluginError(ZooError):
    """A plug-in, a distribution of others that adds families, that cannot do what it says."""


class AnswerError(ZooError):
    """A model that answered with what is no number."""


class InputWarning(UserWarning):
    """An input that a model takes, but that is hardly what it was trained on."""


class MissingExtraError(ZooError):
    """A part of the distribution that is not installed."""


class GateError(ZooError):
    """A gate or a goal that was measured and not met."""

    exit_code = 3


class MissingAttributeError(MissingExtraError, AttributeError):
    """The same for a name of the package: it is not there, as `hasattr` and `help` expect to be told."""


def nearest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The `count` names of `known` that are most like `name`, best first, however unlike they are."""
    return sorted(known, key=lambda other: -difflib.SequenceMatcher(None, name, other).ratio())[:count]


def unknown(kind: str, name: str, known: Iterable[str], hint: str | None = None) -> UnknownNameError:
    """The error for a name that is not there, `kind` what it should have been the name of; it lists the nearest."""
    return UnknownNameError(f"unknown {kind}: `{name}`; {the_nearest(name, known, kind)}", hint)


def the_nearest(name: str, known: Iterable[str], kind: str = "name") -> str:
    """The end of a message about a name that is not among those that are known."""
    close = ", ".join(f"`{other}`" for other in nearest(name, known)) or f"none, for there is no {kind}"
    return f"the nearest are {close}"


BACKENDS = ("tensorflow", "jax", "torch", "openvino")
"""What Keras imports if `KERAS_BACKEND` or its `keras.json` says so."""
EXTRAS = {
    "train": (
        *(
            "tensorflow",
            "keras",
            "h5py",
            "tensorflow_datasets",
            "importlib_resources",
            "tensorboard",
            "pydantic",
            "yaml",
        ),
        *("matplotlib", "sklearn", "scipy", "requests", "soundfile", "wfdb", "sacrebleu", "jiwer", "rapidfuzz"),
    ),
    "peers": ("torch", "onnxruntime", "onnx"),
}
"""The modules that each extra of the distribution brings."""


@contextmanager
def needs(extra: str, kind: type[MissingExtraError] = MissingExtraError) -> Iterator[None]:
    """Turns a failed import of a third-party package into the line that installs it.

        with needs("train"):
            import keras

    Raises:
        MissingExtraError: (or `kind`) a package is missing; the hint names `extra` if that brings it.  A missing module
            of our own is a fault and passes.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("zoo", ""):
            raise
        raise kind(*_missing(package, extra)) from error


def _missing(package: str, extra: str) -> tuple[str, str]:
    """Message and hint about a package that could not be imported."""
    if package in EXTRAS[extra]:
        return (
            f"`{package}` is not installed, which this needs",
            f'`pip install "hybrid-zoo[{extra}]"` brings it; in a clone of the project, `pip install ".[{extra}]"`',
        )
    if package in BACKENDS:
        return (
            f"Keras is told to run on {package}, which is not installed",
            "unset `KERAS_BACKEND`, or set it to `tensorflow`, as `backend` in Keras's `keras.json`",
        )
    return f"`{package}` is not installed, which code outside the zoo imports", f"install what brings `{package}`"
