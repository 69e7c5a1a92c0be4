"""The machine, as far as it decides the figures."""

from __future__ import annotations

import platform
from importlib import metadata

from zoo._system.processor import cpu_name, vector_extensions

PACKAGES = ("hybrid-zoo", "ai-edge-litert", "keras", "tensorflow", "numpy")
PEER_PACKAGES = ("torch", "onnxruntime", "onnx")


def machine(peers: bool) -> dict:
    """CPU name, vector extensions, system, and the versions of all that takes part."""
    packages = PACKAGES + (PEER_PACKAGES if peers else ())
    return {
        "cpu": cpu_name(),
        "vector_extensions": vector_extensions(),
        "system": f"{platform.system()} {platform.machine()}",
        "versions": {"python": platform.python_version(), **{name: metadata.version(name) for name in packages}},
    }
