"""Decode loops: how the parts of a model are driven to one answer.

A loop drives a runner, so that LiteRT, a SavedModel and Keras are driven by the same code; what waits for more input,
`Stream` and `CtcStream`, is an object that is fed.
"""

from collections.abc import Callable, Mapping

from zoo.errors import BundleError
from zoo.runtime.decode.autoregressive import Autoregressive
from zoo.runtime.decode.ctc import Ctc, CtcStream
from zoo.runtime.decode.runner import Arrays, Loop, Runner
from zoo.runtime.decode.single import Single
from zoo.runtime.decode.stream import Stream

__all__ = ["Arrays", "CtcStream", "Loop", "Runner", "Stream", "get_loop"]

LOOPS: Mapping[str, Callable[[Mapping, Mapping], Loop]] = {
    "single": Single.of,
    "autoregressive": Autoregressive.of,
    "ctc": Ctc.of,
}


def get_loop(decode: Mapping, parts: Mapping[str, Mapping]) -> Loop:
    """The decode loop that a manifest names.

    Args:
        decode: the manifest's entry.
        parts: the manifest's parts: the loop `autoregressive` looks up there what its step takes.

    Raises:
        BundleError: this version has no such loop, or the entry does not go with the parts.
    """
    name = decode["loop"]
    if name not in LOOPS:
        raise BundleError(
            f"the bundle needs the decode loop `{name}`: this version of the zoo has {', '.join(LOOPS)}",
            "`pip install --upgrade hybrid-zoo` brings a version that may have it",
        )
    return LOOPS[name](decode, parts)
