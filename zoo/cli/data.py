"""`zoo data`: the data sets that models are trained and measured on."""

import dataclasses
import logging
from typing import Annotated

import typer

from zoo.cli._output import import_tensorflow, print_json
from zoo.cli._tables import print_table
from zoo.errors import PluginError

log = logging.getLogger(__name__)

app = typer.Typer(help="Data sets: list, show, download and prepare.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A data set, as `zoo data list` names it.")]
NameOrPath = Annotated[
    str,
    typer.Argument(
        metavar="NAME|PATH", help="A data set by name, or data of your own: a folder, a `.csv` or an `.npz`."
    ),
]
LISTED, SIZES = 20, 5
"""Files, and sizes of files, that are named one by one."""
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Lists data sets: `zoo data list`."""
    from zoo.data import get_data, list_data

    rows = []
    for name in list_data():
        try:
            rows.append(summary(get_data(name)))
        except PluginError as error:
            log.warning("%s", error.message)
    if as_json:
        print_json(rows)
        return
    columns = ("name", "version", "train", "test", "to answer", "prepared", "summary")
    print_table(columns, [cells(row) for row in rows])


@app.command()
def show(name: NameOrPath, as_json: AsJson = False) -> None:
    """Shows a data set: `zoo data show mitbih_beats`.  Its examples, labels, licence, source and known flaws.

    Of data of your own, `zoo data show pictures/` says what was found: splits, classes, sizes, what cannot be read.
    """
    from zoo.data import get_data
    from zoo.data.own import OwnDataSet

    data = get_data(name)
    if isinstance(data, OwnDataSet):
        show_own(data, as_json)
        return
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


def show_own(data, as_json: bool) -> None:
    """What was found at a path."""
    report = data.report()
    facts = {**summary(data), "inputs": {key: dict(value) for key, value in data.inputs.items()}, "source": data.source}
    del facts["summary"], facts["prepared"]
    if as_json:
        print_json({key.replace(" ", "_"): value for key, value in (facts | report).items()})
        return
    rows = [(key, text(value)) for key, value in facts.items() if key != "name"]
    rows += [("form", report["form"]), ("splits", report["splits"])]
    if report["sizes"]:
        rows.append(("sizes", sizes_text(report["sizes"])))
    if report["unused"]:
        rows.append(("columns of no use", text(report["unused"])))
    print_table(("", facts["name"]), rows)
    for target, classes in report["classes"].items():
        splits = list(data.counts)
        counts = [(name, *(f"{count[split]:,}" for split in splits)) for name, count in classes.items()]
        print_table((target, *splits), counts)
    if left_out := report["left_out"]:
        more = [("...", f"and {len(left_out) - LISTED:,} more")] if len(left_out) > LISTED else []
        rows = [(each["name"], each["reason"]) for each in left_out[:LISTED]]
        print_table((f"left out: {len(left_out):,}", "why"), rows + more)


def sizes_text(sizes: dict[str, int]) -> str:
    """The commonest sizes of files, and how many files have others."""
    first = list(sizes.items())[:SIZES]
    rest = sum(sizes.values()) - sum(count for _, count in first)
    return ", ".join([f"{size} ({count:,})" for size, count in first] + ([f"others ({rest:,})"] if rest else []))


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
