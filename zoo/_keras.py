"""What the package depends on of Keras's settings, which a user's `keras.json` or program may have changed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from zoo._system.durable import write_atomically
from zoo.errors import InputError, needs

if TYPE_CHECKING:
    import keras


@contextmanager
def own_settings() -> Iterator[None]:
    """While it lasts, layers and operators that name none are `channels_last` and float32; then all is as it was.

    Models of the zoo are built, trained and exported so, whatever `~/.keras/keras.json` or the user's program says.  A
    user's own model is not changed by it: its layers hold their layout and dtype since they were made.
    `keras.config.epsilon()`, which layers read whenever they are called, stays the user's.

        @own_settings()
        def train(...): ...
    """
    from keras import config

    found = config.image_data_format(), config.floatx(), config.dtype_policy()
    _set("channels_last", "float32", "float32")
    try:
        yield
    finally:
        _set(*found)


class _Memory(io.BytesIO):
    """A file in memory with a name, since Keras looks at how that ends."""

    def __str__(self) -> str:
        return "memory.weights.h5"


def save_weights(model: keras.Model, path: Path) -> None:
    """Writes the weights of a model, a `.weights.h5`, atomically.

    Raises:
        InputError: they cannot be written.  HDF5 ends the process where a disk is full, so it is given memory.
    """
    file = _Memory()
    model.save_weights(file)
    write_atomically(path, lambda new: new.write_bytes(file.getbuffer()))


def _set(data_format: str, floatx: str, policy) -> None:
    from keras import config

    config.set_image_data_format(data_format)
    config.set_floatx(floatx)
    config.set_dtype_policy(policy)


def check_backend(what: str) -> None:
    """Does nothing where Keras runs on TensorFlow.

    Args:
        what: needs it; begins the message.

    Raises:
        InputError: it runs on something else.
        MissingExtraError: Keras, or what it is told to run on, is not installed.
    """
    with needs("train"):
        try:
            import keras
        except ValueError as error:  # `KERAS_BACKEND=nonsense`
            raise InputError(f"{what} takes Keras on TensorFlow: {error}", "unset `KERAS_BACKEND`") from error
    if (found := keras.backend.backend()) != "tensorflow":
        raise InputError(
            f"{what} takes Keras on TensorFlow, found it on {found}",
            "set `KERAS_BACKEND=tensorflow`; a `.keras` file is the same on all backends",
        )
