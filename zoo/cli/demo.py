"""`zoo demo`: the whole way on small real data, from a recipe to measured files."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from zoo.bundle.metric import Metric
from zoo.cli._output import import_tensorflow, progress_bar
from zoo.cli._tables import print_table
from zoo.errors import GateError
from zoo.paths import recipe_path
from zoo.targets import USUAL_TARGETS

RECIPES = ("resnet_tiny.digits", "stacked_rnn_tiny.digits")


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the runs and the bundles.")] = Path("runs/demo"),
) -> None:
    """Trains two small models on handwritten digits, exports both to five targets, verifies all: `zoo demo`.

    The digits are those of scikit-learn: nothing is downloaded.  Every figure that it prints was measured on the
    exported file.  Exits 3 if a model does not reach its goal or a file fails its gates.
    """
    import_tensorflow()
    from zoo.export import export_model
    from zoo.training import load_recipe, train

    rows, failures = [], []
    for name in RECIPES:
        print(f"{name}: training, then exporting and measuring {len(USUAL_TARGETS)} targets", file=sys.stderr)
        with progress_bar() as report:
            run = train(load_recipe(recipe_path(name)), out=out, report=report)
            bundle = export_model(run.path, USUAL_TARGETS, out=out / "bundles", report=report)
        rows += [row(bundle.card, target) for target in bundle.card["artifacts"]]
        failures += not_met(run, bundle.card)
    columns = ("model", "target", "gates", "accuracy", "bytes", "latency", "operators")
    print_table(columns, rows, title="Measured on the artifacts: 397 test digits, one thread")
    print(f"\nBundles are in {out / 'bundles'}; try `zoo verify {out / 'bundles' / RECIPES[0]}`")
    if failures:
        raise GateError("; ".join(failures))


def not_met(run, card: Mapping) -> list[str]:
    """A sentence for a run that ended below its goal, and one for targets that its card says were left out."""
    from zoo.export.api import gates_not_met

    errors = [gates_not_met(card)]
    try:
        run.check_reach()
    except GateError as error:
        errors.insert(0, error)
    return [error.message for error in errors if error]


def row(card: Mapping, target: str) -> tuple[str, ...]:
    """One artifact of a card: figures where it passed its gates, else why not."""
    name, artifact = card["bundle"], card["artifacts"][target]
    if artifact["status"] != "passed":
        return name, target, f"disabled: {artifact['reason']}", *4 * "-"
    operators, latency = artifact["operators"], artifact["latency_us"]
    return (
        name,
        target,
        artifact["status"],
        Metric.of(card, "accuracy").text(artifact["metrics"]["accuracy"]),
        f"{artifact['bytes']:,}",
        f"{latency['median']:,.0f} us" if latency else "-",
        f"{sum(operators.values())} of {len(operators)} kinds" if operators else "-",
    )
