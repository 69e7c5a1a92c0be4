"""The processor that all this runs on."""

import os
import platform
from pathlib import Path

VECTORS = ("avx", "avx2", "fma", "f16c", "avx_vnni", "avx512", "amx", "asimd", "sve", "i8mm")
"""Beginnings of the flags that are noted."""
_DECIDING = {
    "amx_int8": "AMX",
    "avx512_vnni": "AVX-512 and VNNI",
    "avx512f": "AVX-512",
    "avx_vnni": "AVX2 and VNNI",
    "avx2": "AVX2",
    "i8mm": "i8mm",
    "asimddp": "dot products",
}
"""What decides how fast integers are beside floats, the best first."""


def cpu_name() -> str:
    """The processor as it names itself."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def cpu_with_vectors() -> str:
    """The processor, and the best of the vector instructions that it has: `AMD EPYC, AVX2`."""
    has = vector_extensions()
    return ", ".join([cpu_name(), *[called for flag, called in _DECIDING.items() if flag in has][:1]])


def vector_extensions(path: Path = Path("/proc/cpuinfo")) -> list[str]:
    """What the CPU calls its vector instructions; empty where the system does not say."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError:
        return []
    flags = next((line.partition(":")[2].split() for line in lines if line.startswith(("flags", "Features"))), [])
    return sorted(flag for flag in flags if flag.startswith(VECTORS))


def usable_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
