"""`zoo card`: what a bundle's card says, and the READMEs that are rendered from cards."""

from typing import Annotated

import typer

from zoo.cli import _names
from zoo.cli._output import import_tensorflow, print_json


def card(
    bundles: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="BUNDLE",
            autocompletion=_names.trainings,
            help="Bundles by name or folder; all that ship if none is given.",
        ),
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Write each README anew, and the project's table.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Fail if one of them is out of date.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the cards as JSON.")] = False,
) -> None:
    """Shows what was measured of a bundle: `zoo card resnet_tiny.digits`.

    `--write` renders the bundle's README, and the table of pretrained models in the project's README, from the cards;
    `--check` exits 3 if one of them is out of date.
    """
    from zoo.bundle import load_bundle
    from zoo.errors import InputError
    from zoo.verify.cards import readmes

    if write + check + as_json > 1:
        raise InputError("`--write`, `--check` and `--json` exclude each other")
    if not as_json:
        import_tensorflow()  # tables that only one task has are its own
    chosen = [load_bundle(name) for name in bundles] if bundles else readmes.shipped_bundles()
    if as_json:
        print_json([bundle.card for bundle in chosen])
    elif write:
        for path in readmes.write(chosen):
            print(path)
    elif check:
        readmes.check(chosen)
        print(f"READMEs are up to date: {len(chosen)} bundle{'s' if len(chosen) != 1 else ''}")
    else:
        for bundle in chosen:
            print(readmes.of(bundle))
