"""The state of a training on disk: all that is needed to go on as if nothing had happened.

A file `state/<position>.state` is the SHA-256 of what follows, 32 bytes, and then a `.npz` of arrays, one of which is
JSON text.  It gets its name once it is whole and on the disk; the newest two are kept, in case the newest is torn.
"""

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from zoo._system.durable import write_atomically, writing
from zoo._system.progress import ignore

KEPT = 2
CHUNK = 1 << 16
_DIGEST_BYTES = hashlib.sha256().digest_size
_FACTS = "facts"


def save(folder: Path, position: int, arrays: Mapping[str, np.ndarray], facts: dict, report=ignore) -> Path:
    """Writes a state.

    Args:
        folder: `state/` of the run.
        position: steps taken; names the file.
        arrays: weights and optimiser variables by name.
        facts: all else, as JSON can hold it.
        report: told the bytes written, as stage `saving`.
    """
    content = io.BytesIO()
    np.savez(content, **arrays, **{_FACTS: np.frombuffer(json.dumps(facts).encode(), np.uint8)})
    payload = content.getvalue()

    def write(path: Path) -> None:
        with path.open("wb") as file:
            file.write(hashlib.sha256(payload).digest())
            for start in range(0, len(payload), CHUNK):
                file.write(payload[start : start + CHUNK])
                report("saving", min(start + CHUNK, len(payload)), len(payload))

    with writing(folder):
        folder.mkdir(exist_ok=True)
    path = folder / f"{position:010d}.state"
    write_atomically(path, write)
    for old in _newest_first(folder)[KEPT:]:
        old.unlink()
    return path


def load(folder: Path) -> tuple[dict[str, np.ndarray], dict] | None:
    """(arrays, facts) of the newest whole state, None where there is none; torn and unfinished files are removed."""
    for unfinished in folder.glob(".new-*"):
        unfinished.unlink()
    for path in _newest_first(folder):
        content = path.read_bytes()
        payload = content[_DIGEST_BYTES:]
        if hashlib.sha256(payload).digest() == content[:_DIGEST_BYTES]:
            with np.load(io.BytesIO(payload), allow_pickle=False) as archive:
                arrays = dict(archive)
            return arrays, json.loads(arrays.pop(_FACTS).tobytes())
        path.unlink()
    return None


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.state"), reverse=True)
