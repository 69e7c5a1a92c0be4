"""Several parts of one model in one file, each with a signature of its own; weights that they share are stored once."""

from collections import Counter
from collections.abc import Mapping

from zoo.export.assembly.file import write
from zoo.export.assembly.repair import make_cache_safe
from zoo.export.lowering.job import Lowered


def join(parts: Mapping[str, Lowered]) -> Lowered:
    """One file of the files of parts.

    Args:
        parts: lowered one by one, by name; their signatures are different.
    """
    if len(parts) == 1:
        return next(iter(parts.values()))
    pieces = {signature: piece for lowered in parts.values() for signature, piece in lowered.pieces.items()}
    make_cache_safe(*(piece.graph for piece in pieces.values()))
    schemes = {name: lowered.int8_scheme for name, lowered in parts.items() if lowered.int8_scheme}
    one = len(set(schemes.values())) == 1 and len(schemes) == len(parts)
    return Lowered(
        write(pieces),
        tuple(form for lowered in parts.values() for form in lowered.forms),
        next(iter(schemes.values())) if one else "; ".join(f"{name}: {said}" for name, said in schemes.items()) or None,
        sum((Counter(lowered.float_islands) for lowered in parts.values()), Counter()),
        {name: why for lowered in parts.values() for name, why in lowered.kept_inputs.items()},
        pieces,
    )
