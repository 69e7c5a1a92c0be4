"""Folders that take their place whole: written beside it, then moved there in one step, whoever else writes there."""

import ctypes
import errno
import os
import re
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

_TRIES = 1000
_AT_CWD, _EXCHANGE = -100, 2
"""Of Linux's `renameat2`: paths are as ever, and the two change places."""


@contextmanager
def folder_beside(final: Path) -> Iterator[Path]:
    """A new folder beside `final`, to be filled and put in its place; removed at the end if it is still there.

    It is locked as long as the process that fills it lives: what killed ones left behind is removed by the next.

    Raises:
        OSError: no folder can be made there.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    _remove_left_behind(final)
    folder, lock = _new_folder(final)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _unlock(lock)


def put_in_place(folder: Path, final: Path) -> None:
    """Gives a folder its place; what stood there is removed.  Of several writers the last one stays.

    Raises:
        OSError: it cannot be moved there; what stood there stands there still.
    """
    old = folder.with_suffix(".old")
    for _ in range(_TRIES):
        if _exchange(folder, final):
            shutil.rmtree(folder, ignore_errors=True)
            return
        try:
            folder.rename(final)
        except OSError as error:
            if old.exists() and not final.exists():
                old.rename(final)
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        else:
            shutil.rmtree(old, ignore_errors=True)
            return
        shutil.rmtree(old, ignore_errors=True)
        with suppress(FileNotFoundError):  # another writer was faster
            final.rename(old)
    raise OSError(errno.EBUSY, "others write there all the time", str(final))


def _exchange(one: Path, other: Path) -> bool:
    """Lets two folders change places, so that readers find one or the other; False where the system cannot."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None) if sys.platform == "linux" else None
    return rename is not None and rename(_AT_CWD, os.fsencode(one), _AT_CWD, os.fsencode(other), _EXCHANGE) == 0


def _new_folder(final: Path) -> tuple[Path, int | None]:
    while True:
        folder = final.with_name(f".{final.name}.{secrets.token_hex(4)}.new")
        folder.mkdir()
        with suppress(BlockingIOError):
            lock = _lock(folder)
            if folder.exists():
                return folder, lock
            _unlock(lock)  # another writer took it for one that was left behind


def _remove_left_behind(final: Path) -> None:
    """Removes the temporary folders of `final` that nobody has locked; an older one only if there is a newer."""
    kinds = "new|old" if final.exists() else "new"
    pattern = re.compile(rf"\.{re.escape(final.name)}\.[0-9a-f]{{8}}\.({kinds})")
    for path in final.parent.iterdir():
        if not pattern.fullmatch(path.name) or path.is_symlink():
            continue
        with suppress(BlockingIOError):
            if (lock := _lock(path)) is not None:
                shutil.rmtree(path, ignore_errors=True)
                _unlock(lock)


def _lock(folder: Path) -> int | None:
    """What holds the folder as long as this process lives; None where nothing can be locked.

    Raises:
        BlockingIOError: another process has it.
    """
    if fcntl is None:
        return None
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _unlock(lock: int | None) -> None:
    if lock is not None:
        os.close(lock)
