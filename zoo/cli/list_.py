"""`zoo list`: the models of the registry."""

from typing import Annotated

import typer

from zoo import registry
from zoo.cli import _names
from zoo.cli._output import print_json
from zoo.cli._tables import print_table
from zoo.errors import UnknownNameError


def list_(
    pattern: Annotated[
        str,
        typer.Argument(
            metavar="PATTERN",
            autocompletion=_names.models,
            help="Shell wildcards; with a dot, trainings are listed: `resnet8.*`.",
        ),
    ] = "*",
    task: Annotated[str | None, typer.Option(help="Only models of this task.")] = None,
    pretrained: Annotated[bool, typer.Option("--pretrained", help="Only trainings whose weights are at hand.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Lists models: `zoo list "resnet*"`.  With `--pretrained`, those with weights."""
    specs = [registry.get_spec(name) for name in registry.list_models(pattern, task=task, pretrained=pretrained)]
    there = registry.all_tags()
    rows = [row(spec, there.get(spec.name, [])) for spec in specs]
    if as_json:
        print_json(rows)
    elif rows:
        print_table([key.replace("_", " ") for key in rows[0]], [cells(row) for row in rows])
    else:
        raise UnknownNameError(f"no model matches `{pattern}`", "`zoo list` shows all")


def row(spec: registry.Spec, tags: list[str]) -> dict:
    """What the list says of one model."""
    facts = spec.facts or {}
    return {
        "name": spec.full_name,
        "task": spec.task,
        "parameters": facts.get("parameters"),
        "macs": facts.get("macs"),
        "tags": tags,
        "summary": spec.summary,
    }


def cells(row: dict) -> list[str]:
    return [
        ", ".join(value) if isinstance(value, list) else f"{value:,}" if isinstance(value, int) else value or "-"
        for value in row.values()
    ]
