"""How much of a user's data is kept in memory: what is larger is read from disk as it is needed."""

from contextlib import suppress
from pathlib import Path

LIMIT = 2**30
"""Bytes of all examples together, at most."""
SHARE = 4
"""And one part in so many of what this process may still take."""


def room() -> int:
    """Bytes that may be kept."""
    return min([LIMIT, *(free // SHARE for free in (_free_of_machine(), _free_of_process()) if free is not None)])


def _free_of_machine() -> int | None:
    with suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text("utf-8").splitlines():
            if line.startswith("MemAvailable:"):
                return 1024 * int(line.split()[1])
    return None


def _free_of_process() -> int | None:
    """What a limit on the address space leaves; None where there is no limit."""
    with suppress(ImportError, OSError, ValueError, IndexError):
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        if limit != resource.RLIM_INFINITY:
            pages = int(Path("/proc/self/statm").read_text("utf-8").split()[0])
            return max(0, limit - pages * resource.getpagesize())
    return None
