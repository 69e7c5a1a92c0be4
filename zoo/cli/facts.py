"""`zoo facts`: counts what can be counted of every model into `families/facts.json`."""

import importlib
import json
from pathlib import Path
from typing import Annotated

import typer

from zoo import registry
from zoo._system.durable import write_text
from zoo.cli._output import import_tensorflow
from zoo.errors import GateError, InputError, unknown


def facts(
    write: Annotated[bool, typer.Option("--write", help="Count anew and write the file.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Count anew and compare; exits 3 where the file is stale.")
    ] = False,
    package: Annotated[
        str,
        typer.Option(metavar="PACKAGE", help="That of a plug-in, as its entry point names it; ours unless given."),
    ] = registry.OURS,
) -> None:
    """Generates the facts that `zoo list` and `zoo show` print: `zoo facts --check`.

    For a plug-in, `zoo facts --write --package my_distribution.families` writes the file beside its families.
    """
    if write == check:
        raise InputError(
            "`zoo facts` writes or compares, found " + ("both" if write else "neither"), "`zoo facts --check`"
        )
    import_tensorflow()
    from zoo import families
    from zoo.families import _counting

    packages = {name: registry.get_spec(name).package for name in registry.list_models()}
    names = [name for name, its in packages.items() if its == package]
    if not names:
        raise unknown("package of families", package, set(packages.values()))
    path = Path(next(iter(importlib.import_module(package).__path__))) / "facts.json"
    counted = {name: _counting.facts(families.create_model(name)) for name in names}
    text = json.dumps(counted, indent=1) + "\n"
    if write:
        write_text(path, text)
        print(f"{path}: {len(counted)} models")
    elif not path.exists() or path.read_text("utf-8") != text:
        old = json.loads(path.read_text("utf-8")) if path.exists() else {}
        stale = sorted(name for name in old.keys() | counted.keys() if old.get(name) != counted.get(name))
        raise GateError(
            f"{path} is stale for {', '.join(stale) or 'its formatting'}", "`zoo facts --write` writes it anew"
        )
    else:
        print(f"{path} is up to date: {len(counted)} models")
