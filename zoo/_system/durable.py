"""Brings files and folders to the disk, so that a rename publishes nothing that a power cut or a full disk can lose."""

import errno
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from zoo.errors import InputError, ZooError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says where there is no room: on the disk, in the user's share of it, in a file."""
CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO, errno.ENOENT, errno.ENOTDIR)
"""What it says where there is room, and not for this user or no longer; also of a file that is read."""


def sync(path: Path) -> None:
    """Returns when what `path` holds is on the disk: the content of a file, the names in a folder."""
    if os.name == "nt" and path.is_dir():  # Windows cannot open a folder
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """`sync` of a folder and of all that is in it."""
    for path in folder.rglob("*"):
        sync(path)
    sync(folder)


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Has `write` fill a new file, brings it to the disk, and gives it the name `path`, whose old content goes.

    The new file ends as `path` does, since Keras looks at that.  If anything fails, `path` is what it was.

    Raises:
        InputError: it cannot be written.
    """
    new = path.with_name(f".new-{path.name}")
    with writing(path, (*FULL, *CLOSED)):
        try:
            write(new)
            sync(new)
            new.replace(path)
        except BaseException:
            new.unlink(missing_ok=True)
            raise
        sync(path.parent)


def write_text(path: Path, text: str) -> None:
    """`text` as UTF-8: atomically to a file, also one behind a link; as it comes to a device or a pipe."""
    if path.exists() and not path.is_file():
        with writing(path):
            path.write_text(text, "utf-8")
    else:
        write_atomically(path.resolve(), lambda new: new.write_text(text, "utf-8"))


@contextmanager
def writing(place: Path | str, numbers: Collection[int] = FULL) -> Iterator[None]:
    """Turns it into a sentence if `place` cannot be written, whichever library tried.

    Args:
        place: a file or a folder.
        numbers: what the system may have said.

    Raises:
        InputError: with the system's reason.
    """
    try:
        yield
    except ZooError:
        raise
    except Exception as error:
        if (reason := why_not_written(error, numbers)) is None:
            raise
        raise InputError(
            f"`{place}` cannot be written: {reason}", "nothing that was there before is lost; make room, and try again"
        ) from error


def why_not_written(error: BaseException | None, numbers: Collection[int] = FULL) -> str | None:
    """The system's reason, where writing failed for one of `numbers`; None for any other error.

    HDF5 and TensorFlow raise errors of their own, which hold the system's words.
    """
    while error is not None:
        for number in FULL:
            if os.strerror(number) in str(error):
                return os.strerror(number)
        if isinstance(error, OSError) and error.errno in numbers:
            return error.strerror
        error = error.__cause__ or error.__context__
    return None
