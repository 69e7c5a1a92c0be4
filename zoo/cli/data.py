"""`zoo data`: the data sets that models are trained and measured on."""

import dataclasses
import sys
from typing import Annotated

import typer

from zoo.cli._output import import_tensorflow, print_json
from zoo.cli._tables import print_table

app = typer.Typer(help="Data sets: list, show, download and prepare.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A data set, as `zoo data list` names it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Lists data sets: `zoo data list`."""
    from zoo.data import get_data, list_data
    from zoo.errors import PluginError

    rows = []
    for name in list_data():
        try:
            rows.append(summary(get_data(name)))
        except PluginError as error:  # of a plug-in, which keeps none of the others back
            print(f"warning: {error.message}", file=sys.stderr)
    if as_json:
        print_json(rows)
        return
    columns = ("name", "version", "train", "test", "to answer", "prepared", "summary")
    print_table(columns, [cells(row) for row in rows])


@app.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Shows a data set: `zoo data show mitbih_beats`.  Its examples, labels, licence, source and known flaws."""
    from zoo.data import get_data

    data = get_data(name)
    if data.ready:
        import_tensorflow()  # the notes of a prepared copy may take a look into it
    facts = {
        **summary(data),
        "grouped by": data.group_name,
        "inputs": {key: dict(value) for key, value in data.inputs.items()},
        "licence": data.licence,
        "source": data.source,
        "notes": list(data.notes),
    }
    if as_json:
        print_json({key.replace(" ", "_"): value for key, value in facts.items()})
    else:
        print_table(("", facts.pop("name")), [(key, text(value)) for key, value in facts.items()])


@app.command()
def prepare(name: Name) -> None:
    """Downloads a data set, checks it and writes it for training: `zoo data prepare cifar10`.

    It goes where TensorFlow Datasets keeps all its data sets: $TFDS_DATA_DIR, else ~/tensorflow_datasets.
    """
    from zoo.data import get_data

    data = get_data(name)
    data.prepare()
    print(f"{data.name} {data.version} is prepared")


def summary(data) -> dict:
    """What is known of a data set without reading it."""
    return {
        "name": data.name,
        "version": data.version,
        "summary": data.summary,
        "examples": dict(data.counts),
        "targets": {name: target_facts(target) for name, target in data.targets.items()},
        "prepared": data.ready,
    }


def cells(row: dict) -> tuple:
    """One line of the list."""
    train, test = (f"{row['examples'][split]:,}" for split in ("train", "test"))
    prepared = "yes" if row["prepared"] else "no"
    answers = ", ".join(answer_text(facts) for facts in row["targets"].values())
    return row["name"], row["version"], train, test, answers, prepared, row["summary"]


def target_facts(target) -> dict:
    """What an output answers, as JSON has it."""
    return {key: value for key, value in dataclasses.asdict(target).items() if value or key == "shape"}


def answer_text(facts: dict) -> str:
    """What an output answers, in a few words."""
    if facts["kind"] == "class":
        steps = f" at each of {facts['shape'][0]:,} steps" if facts["shape"] else ""
        return f"1 of {len(facts['names'])} classes{steps}" if facts.get("names") else f"a token{steps}"
    if facts["kind"] == "value":
        count = " x ".join(map(str, facts["shape"])) if facts["shape"] else "1"
        return f"{count} value{'s' * (count != '1')}" + (f" in {facts['unit']}" if facts.get("unit") else "")
    return "a text"


def target_text(facts: dict) -> str:
    """The same with the names, and which of them are scored where not all are."""
    names, scored = (", ".join(facts.get(key, ())) for key in ("names", "scored"))
    said = f"{answer_text(facts)}: {names}" if names else answer_text(facts)
    return f"{said} (scored: {scored})" if scored != names else said


def text(value: object) -> str:
    """A fact for people: inputs as `ecg (256, 1) float32, mV, 360 Hz`."""
    match value:
        case None | [] | ():
            return "-"
        case bool():
            return "yes" if value else "no"
        case list():
            return ("\n" if max(map(len, value)) > 40 else ", ").join(value)
        case dict() if all(isinstance(item, int) for item in value.values()):
            return ", ".join(f"{key} {item:,}" for key, item in value.items())
        case dict():
            return "\n".join(
                f"{key} {input_text(item) if 'dtype' in item else target_text(item)}" for key, item in value.items()
            )
        case _:
            return str(value)


def input_text(facts: dict) -> str:
    shape = f"({', '.join(map(str, facts['shape']))})" if len(facts["shape"]) > 1 else f"({facts['shape'][0]},)"
    units = [facts["unit"]] if "unit" in facts else []
    rate = [f"{facts['rate']} Hz"] if "rate" in facts else []
    return ", ".join([f"{shape} {facts['dtype']}", *units, *rate])
