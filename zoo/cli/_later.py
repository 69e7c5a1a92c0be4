"""Commands that are on their way: refused in one sentence until they are built, and not listed by `--help`."""

import typer

from zoo.errors import InputError

# Whatever stands behind the name, `--help` included, gets the one answer.
_ANYTHING = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def later(app: typer.Typer, name: str, *, path: str = "zoo", hint: str) -> None:
    """Adds the hidden command `name` to `app`, whose own commands begin with `path`."""

    def refuse() -> None:
        raise InputError(f"`{path} {name}` is not there yet", hint)

    app.command(name, context_settings=_ANYTHING, hidden=True)(refuse)
