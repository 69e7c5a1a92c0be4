"""What is known of files that have been looked at, kept in the user's cache so that none is read again unchanged.

A file is taken for the same while its size and its times are.  What was written within the last seconds is not kept for
other processes: a second change might not show in its times.
"""

import hashlib
import json
import logging
import time
from contextlib import suppress
from pathlib import Path

from zoo._system.durable import write_text
from zoo.errors import ZooError
from zoo.paths import user_cache

log = logging.getLogger(__name__)
SCHEMA = 1
_SETTLED_NS = 2 * 10**9
_OF_THIS_PROCESS: dict[str, dict[str, list]] = {}


class Remembered:
    """What is known of the files of one place, by name: `[stamp, fact, fact, ...]`, JSON values all.

    Args:
        root: the folder that names are relative to.
    """

    def __init__(self, root: Path):
        self._root, self._before = root, time.time_ns()
        if str(root) not in _OF_THIS_PROCESS:
            _OF_THIS_PROCESS[str(root)] = self._load()
        self._known = _OF_THIS_PROCESS[str(root)]

    def facts(self, name: str, stamp: list[int]) -> list | None:
        """What is known of a file; None if it is new or has changed."""
        found = self._known.get(name)
        return found[1:] if found and found[0] == stamp else None

    def learn(self, name: str, stamp: list[int], facts: list) -> None:
        """Remembers what has been found out."""
        self._known[name] = [stamp, *facts]

    def save(self) -> None:
        """Writes it down for other processes; a cache that cannot be written is done without."""
        settled = self._before - _SETTLED_NS
        lasting = {name: entry for name, entry in list(self._known.items()) if entry[0][1] < settled}
        with suppress(ZooError, OSError):
            path = self._path()
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path, json.dumps({"schema": SCHEMA, "root": str(self._root), "files": lasting}))

    def _path(self) -> Path:
        return user_cache() / "data" / f"{hashlib.sha256(str(self._root).encode()).hexdigest()[:32]}.json"

    def _load(self) -> dict[str, list]:
        try:
            kept = json.loads(self._path().read_text("utf-8"))
        except (ZooError, OSError, ValueError):
            return {}
        if not isinstance(kept, dict) or kept.get("schema") != SCHEMA or kept.get("root") != str(self._root):
            return {}
        files = kept.get("files")
        return {name: entry for name, entry in files.items() if _is_entry(entry)} if isinstance(files, dict) else {}


def _is_entry(entry: object) -> bool:
    return (
        isinstance(entry, list)
        and len(entry) > 1
        and isinstance(entry[0], list)
        and len(entry[0]) == 3
        and all(type(number) is int for number in entry[0])
    )
