"""`zoo verify`: every gate again, on the files that ship."""

from typing import Annotated

import typer

from zoo.bundle import load_bundle
from zoo.cli import _names
from zoo.cli._output import CUSTOM, import_tensorflow, print_json, progress_bar
from zoo.cli._tables import print_table
from zoo.errors import GateError


def verify(
    bundles: _names.BUNDLES,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    custom: Annotated[list[str] | None, CUSTOM] = None,
) -> None:
    """Verifies bundles: `zoo verify resnet_tiny.digits`.

    Runs every artifact, holds what it measures against the gates, and the card against what it measured.  Exits 3 if
    one fails.
    """
    chosen = [load_bundle(name) for name in bundles]
    import_tensorflow()
    from zoo.sources.custom_classes import import_classes
    from zoo.verify.verification import verify_bundle

    import_classes(custom or ())
    results = []
    for bundle in chosen:
        with progress_bar() as report:
            results.append(verify_bundle(bundle, report))
        if not as_json:
            show(results[-1])
    if as_json:
        print_json([{"bundle": result.bundle, "gates": as_data(result)} for result in results])
    if failures := [f"`{result.bundle}` {failure}" for result in results for failure in result.failures]:
        count = f"{len(failures)} gate{'s' if len(failures) > 1 else ''} not met"
        raise GateError(f"{count}: {'; '.join(failures)}")


def show(result) -> None:
    """The table of one bundle."""
    columns = ("target", "gate", "found", "bound", "")
    rows = [
        (target, gate.name, gate.figure, gate.bound, "passed" if gate.passed else "FAILED")
        for target, gates in result.gates.items()
        for gate in gates
    ]
    print_table(columns, rows, title=result.bundle)


def as_data(result) -> dict:
    """By target, every gate as JSON has it."""
    keys = ("name", "figure", "bound", "passed")
    return {
        target: [{key: getattr(gate, key) for key in keys} for gate in gates] for target, gates in result.gates.items()
    }
