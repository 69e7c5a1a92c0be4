"""The machine, as far as it decides the figures."""

from __future__ import annotations

import platform
from importlib import metadata
from pathlib import Path

from zoo._processor import cpu_name

PACKAGES = ("hybrid-zoo", "ai-edge-litert", "keras", "tensorflow", "numpy")
PEER_PACKAGES = ("torch", "onnxruntime", "onnx")
VECTORS = ("avx", "avx2", "fma", "f16c", "avx_vnni", "avx512", "amx", "asimd", "sve", "i8mm")
"""Beginnings of the flags that are noted."""


def machine(peers: bool) -> dict:
    """CPU name, vector extensions, system, and the versions of all that takes part."""
    packages = PACKAGES + (PEER_PACKAGES if peers else ())
    return {
        "cpu": cpu_name(),
        "vector_extensions": vector_extensions(),
        "system": f"{platform.system()} {platform.machine()}",
        "versions": {"python": platform.python_version(), **{name: metadata.version(name) for name in packages}},
    }


def vector_extensions(path: Path = Path("/proc/cpuinfo")) -> list[str]:
    """What the CPU calls its vector instructions; empty where the system does not say."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError:
        return []
    flags = next((line.partition(":")[2].split() for line in lines if line.startswith(("flags", "Features"))), [])
    return sorted(flag for flag in flags if flag.startswith(VECTORS))
