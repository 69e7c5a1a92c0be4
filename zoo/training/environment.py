"""What a training runs on: threads and determinism are set here, and all that can change its bits is recorded."""

import platform
from importlib import metadata

import tensorflow as tf

from zoo._system.processor import cpu_name, usable_cores
from zoo.errors import InputError
from zoo.training.recipe import Recipe

PACKAGES = ("hybrid-zoo", "tensorflow", "keras", "numpy")
BINDING = ("threads", "hardware", "versions")
"""What must be the same for a deterministic training to go on: each of these can change the order of sums."""


def describe(recipe: Recipe, deterministic: bool) -> dict:
    """The content of `environment.json`."""
    threads = recipe.threads or (usable_cores() if deterministic else running_threads())
    cpu = cpu_name()
    gpus = [
        tf.config.experimental.get_device_details(gpu).get("device_name", "GPU")
        for gpu in tf.config.list_physical_devices("GPU")
    ]
    return {
        "deterministic": deterministic,
        "threads": threads,
        "cpu": cpu,
        "hardware": ", ".join([*gpus, f"{cpu}, {threads} thread{'s' if threads > 1 else ''}"]),
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
    }


def apply(environment: dict) -> None:
    """Sets the number of threads, and deterministic operations if they are asked for.

    Raises:
        InputError: TensorFlow has already been used in this process, with another number of threads.
    """
    threads = environment["threads"]
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    except RuntimeError:
        if running_threads() != threads:
            raise InputError(
                f"TensorFlow already runs in this process with {running_threads()} threads: "
                f"the training expects {threads}",
                "train in a process of its own: `zoo train`",
            ) from None
    if environment["deterministic"]:
        tf.config.experimental.enable_op_determinism()


def running_threads() -> int:
    """How many threads TensorFlow uses in this process, or would."""
    return tf.config.threading.get_intra_op_parallelism_threads() or usable_cores()


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:  # run from a checkout that is not installed
        return "unknown"
