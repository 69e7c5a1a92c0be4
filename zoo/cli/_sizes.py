"""Options that say something by input name: `--length encoder=20`, `--shape image=32,128,1`, `--input x=picture`."""

from zoo.errors import InputError


def lengths(given: list[str] | None) -> int | dict[str, int] | None:
    """One number for all inputs, or one by input name.

    Raises:
        InputError: it is neither, or there are several without names.
    """
    if not given:
        return None
    if len(given) == 1 and "=" not in given[0]:
        return _whole("--length", given[0])
    return {name: _whole("--length", value) for name, value in _by_name("--length", given, "encoder=20").items()}


def shapes(given: list[str] | None) -> dict[str, tuple[int, ...]] | None:
    """A shape without the batch by input name.

    Raises:
        InputError: it is none.
    """
    if not given:
        return None
    by_name = _by_name("--shape", given, "image=32,128,1")
    return {name: tuple(_whole("--shape", size) for size in sizes.split(",")) for name, sizes in by_name.items()}


def declared(given: list[str] | None) -> dict[str, str]:
    """What an input is, by its name."""
    return _by_name("--input", given or [], "image=picture:0..1")


def _by_name(option: str, given: list[str], example: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not name:
            raise InputError(f"`{option} {each}` names no input", f"`{option} {example}` is how one is named")
        if name in found:
            raise InputError(f"`{option}` was given twice for input `{name}`", "leave one of them out")
        found[name] = value
    return found


def _whole(option: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise InputError(f"wrong value of `{option}`: found `{text}`, expected a whole number from 1") from None
