"""The figures of a run on the disk: what each says of its machine, its JSON, its page."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from zoo._system.durable import write_text
from zoo._system.processor import cpu_name, vector_extensions

PACKAGES = ("hybrid-zoo", "ai-edge-litert", "keras", "tensorflow", "numpy")
PEER_PACKAGES = ("torch", "onnxruntime", "onnx")


def machine(peers: bool = False) -> dict:
    """CPU name, vector extensions, system, and the versions of all that takes part."""
    packages = PACKAGES + (PEER_PACKAGES if peers else ())
    return {
        "cpu": cpu_name(),
        "vector_extensions": vector_extensions(),
        "system": f"{platform.system()} {platform.machine()}",
        "versions": {"python": platform.python_version(), **{name: metadata.version(name) for name in packages}},
    }


def write_figures(results: Mapping, path: Path) -> None:
    """Writes the figures of a run as JSON.

    Raises:
        InputError: they cannot be written; what stood there stays.
    """
    write_text(path, json.dumps(results, indent=1, ensure_ascii=False) + "\n")


def write_page(page: str, results: Mapping, path: Path) -> None:
    """Writes a page in Markdown, and its figures beside it under the same name.

    Raises:
        InputError: one cannot be written.
    """
    write_text(path, page)
    write_figures(results, path.with_suffix(".json"))
