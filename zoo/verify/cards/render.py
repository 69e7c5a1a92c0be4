"""READMEs from cards: the one of a bundle, and the project's table of pretrained models.  Same card, same text."""

from collections.abc import Iterable, Mapping, Sequence

from zoo.bundle.metric import Metric
from zoo.tasks import get_task
from zoo.verify.float_operators import NO_KERNEL, float_operators

BEGIN, END = "<!-- table:pretrained -->", "<!-- end -->"
NONE = "-"
"""A cell for what was not measured."""


def bundle_readme(card: Mapping) -> str:
    """The `README.md` of a bundle."""
    sections = (_title, _use, _artifacts, _runtimes, _of_task, _comparison, _data, _training, _operators)
    return "\n\n".join(text for section in sections if (text := section(card))) + "\n"


def project_readme(text: str, cards: Iterable[Mapping]) -> str:
    """The project's README with its table rendered anew.

    Args:
        text: the README; the table stands between `BEGIN` and `END`, each on a line of its own.
        cards: of the bundles that ship, in the order of the rows.
    """
    before, begin, rest = text.partition(f"{BEGIN}\n")
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the README has no lines `{BEGIN}` and `{END}` for the table to stand between")
    return f"{before}{begin}{pretrained_table(cards)}\n{end}{after}"


def pretrained_table(cards: Iterable[Mapping]) -> str:
    """A row a bundle: what it is, and what its float32 and int8 artifacts measured; one figure a cell."""
    columns = (
        "model",
        "data",
        "metric",
        "float32",
        "95 % interval",
        "int8",
        "int8 bytes",
        "float32 µs",
        "int8 µs",
    )
    return table(columns, [_pretrained_row(card) for card in cards])


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown; the first column is set left, the others right."""
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)], *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def headline(card: Mapping) -> str | None:
    """The metric that a card is about; None where nothing was scored."""
    return next(iter(card["keras"]["ci95"])) if card["keras"] else None


def headline_of(card: Mapping, entry: Mapping | None) -> str:
    """The headline metric of a card's `keras` block or of an artifact's entry, with its 95 % interval."""
    score, interval = _score(card, entry)
    return NONE if score == NONE else f"{score} ({interval})"


def _score(card: Mapping, entry: Mapping | None) -> tuple[str, str]:
    """The headline metric and its 95 % interval."""
    name = headline(card)
    if not entry or name is None or not entry.get("metrics"):
        return NONE, NONE
    metric = Metric.of(card, name)
    return metric.text(entry["metrics"][name]), metric.interval(*entry["ci95"][name])


def _pretrained_row(card: Mapping) -> list[str]:
    float32, int8 = (_shipped(card, target) for target in ("float32", "int8"))
    score, interval = _score(card, float32)
    return [
        f"[`{card['bundle']}`](saved_models/{card['bundle']})",
        card["data"]["name"] if card["data"] else NONE,
        headline(card) or NONE,
        score,
        interval,
        _score(card, int8)[0],
        _number(int8, "bytes"),
        _latency(float32),
        _latency(int8),
    ]


def _title(card: Mapping) -> str:
    model = card["model"]
    facts = [f"{model['parameters']:,} parameters"]
    if model["macs"] is not None:
        facts.append(f"{model['macs']:,} multiply-accumulates an inference")
    if model["receptive_field"] is not None:
        facts.append(f"a receptive field of {model['receptive_field']:,}")
    said = f"`{model['name']}` for {model['task'] or 'a task that its user knows'}: {_joined(facts)}."
    paper = f" {model['paper']}." if model["paper"] else ""
    origin = "Rendered from `card.json` by `zoo card --write`; every figure was measured."
    return f"# {card['bundle']}\n\n{said}{paper}\n\n{origin}"


def _use(card: Mapping) -> str:
    shipped = [target for target in card["artifacts"] if target != "saved_model" and _shipped(card, target)]
    if not shipped:
        return ""
    target = "int8" if "int8" in shipped else shipped[0]
    commands = f"```bash\nzoo predict . INPUT --target {target}   # in the folder of this file\nzoo verify .\n```"
    elsewhere = (
        f"From elsewhere, give the path of its folder; `{card['bundle']}` alone finds it where it ships with the zoo, "
        "or where the variable `ZOO_HOME` names the folder that it stands in."
    )
    return f"{commands}\n\n{elsewhere}"


def _artifacts(card: Mapping) -> str:
    metric = headline(card)
    columns = (
        "target",
        metric or "score",
        "largest error",
        "same answer",
        "bytes",
        "µs (p10-p90)",
        "peak memory",
        "GPU",
    )
    rows = [_artifact_row(card, target, entry) for target, entry in card["artifacts"].items()]
    keras = [["Keras", headline_of(card, card["keras"]), *[NONE] * 6]] if card["keras"] else []
    notes = [
        _provenance(card),
        *_disabled(card),
        *_judged(card),
        *_remarks(card),
        *_off_gpu(card),
        *_streams(card),
        *_whole_answers(card),
    ]
    return "\n\n".join(["## Artifacts", table(columns, keras + rows), *filter(None, notes)])


def _runtimes(card: Mapping) -> str:
    """Time and memory on our runtime and on the plain Interpreter, of what was measured on both."""
    entries = {
        target: entry
        for target, entry in card["artifacts"].items()
        if entry.get("interpreter") and not entry.get("answer")
    }
    if not entries:
        return ""
    columns = ("target", "µs CompiledModel", "µs Interpreter", "memory CompiledModel", "memory Interpreter")
    rows = [
        [target, *map(_latency, runtimes), *(_number(runtime, "peak_memory_bytes") for runtime in runtimes)]
        for target, entry in entries.items()
        for runtimes in [(entry, entry["interpreter"])]
    ]
    said = "CompiledModel has XNNPACK's weight cache, as `zoo` runs files; the plain Interpreter has none."
    failures = [
        f"`{target}` does not run on the plain Interpreter: {entry['interpreter']['failure']}."
        for target, entry in entries.items()
        if entry["interpreter"].get("failure")
    ]
    return "\n\n".join(["## On either runtime", table(columns, rows), " ".join([said, *failures])])


def _artifact_row(card: Mapping, target: str, entry: Mapping) -> list[str]:
    parity, latency = entry["parity"], entry["latency_us"]
    return [
        target if entry["status"] == "passed" else f"{target} ({entry['status']})",
        headline_of(card, entry) if entry["metrics"] else "not measured",
        f"{parity['max_abs']:.2g}" if parity else NONE,
        f"{100 * parity['agreement']:.2f} %" if parity else NONE,
        _number(entry, "bytes"),
        f"{latency['median']:,.1f} ({latency['p10']:,.1f}-{latency['p90']:,.1f})" if latency else NONE,
        _number(entry, "peak_memory_bytes"),
        {True: "whole", False: "no", None: NONE}[(entry.get("gpu") or {}).get("whole")],
    ]


def _provenance(card: Mapping) -> str:
    """What the figures of the table are figures of."""
    entries = card["artifacts"].values()
    parity = next((entry["parity"] for entry in entries if entry["parity"]), None)
    cpu = next((entry["latency_us"]["cpu"] for entry in entries if entry["latency_us"]), None)
    said = []
    if parity:
        examples = f"{parity['examples']} examples ({parity['source']})"
        said.append(f"The largest error is that of the outputs against Keras on {examples}.")
    if card["keras"]:
        count = card["data"]["splits"]["test"]
        said.append(f"Scores and same answers are of the whole test split, {count:,} examples.")
        said.append(f"In parentheses, the 95 % interval{_resampled(card)}.")
    if cpu:
        said.append(f"Times are CPU time of one inference on one thread of {cpu}.")
        said.append("Memory is what loading and running the artifact added to its process, in bytes.")
    return " ".join(said)


def _resampled(card: Mapping) -> str:
    source = card["data"]["grouped_by"]
    return f", by bootstrap over each {source} of the test split" if source else ""


def _disabled(card: Mapping) -> list[str]:
    words = {"disabled": "does not ship", "failed": "**failed its gates** and was kept by `--keep-failed`"}
    return [
        f"`{target}` {words[entry['status']]}: {entry['reason']}."
        for target, entry in card["artifacts"].items()
        if entry["status"] in words
    ]


def _whole_answers(card: Mapping) -> list[str]:
    """What one answer is made of, where that is more than one run."""
    said = []
    for target, entry in card["artifacts"].items():
        if runs := entry.get("answer"):
            pieces = [f"{_counted(part['runs'], 'run')} of `{name}`" for name, part in runs.items()]
            times = [f"`{name}` {part['latency_us']['median']:,.1f} µs" for name, part in runs.items()]
            said.append(
                f"An answer of `{target}` takes {_latency(entry)} µs: {_joined(pieces)} ({', '.join(times)} a run) and "
                "the loop around them."
            )
    return said


_KINDS = {
    "logits": "a choice, by its class and the softmax of its logits",
    "probabilities": "a choice, by its class and its probabilities",
    "yes_no": "probabilities of yes, by the side of one half and by value",
    "value": "values, by their error over the spread of Keras's",
    "whole": "whole numbers, the same or not",
    "text": "a text, by the share of its tokens that need no edit",
}


def _judged(card: Mapping) -> list[str]:
    """How each output was judged, and how artifacts that compute in 8 or 16 bits did."""
    answers = {target: (entry["parity"] or {}).get("answers") for target, entry in card["artifacts"].items()}
    answers = {target: outputs for target, outputs in answers.items() if outputs}
    if not answers:
        return []
    kinds = {name: output["kind"] for outputs in answers.values() for name, output in outputs.items()}
    how = "; ".join(f"`{name}` as {_KINDS.get(kind, kind)}" for name, kind in kinds.items())
    rows = [
        [target, f"`{name}`", *_figures(output)]
        for target, outputs in answers.items()
        for name, output in outputs.items()
    ]
    columns = ("target", "output", "same answer", "answers an example", "error / spread", "correlation")
    return [f"Outputs were judged {how}.", table(columns, rows), *_right(answers)]


def _right(answers: Mapping[str, Mapping]) -> list[str]:
    """How often choices were right, where a user said what is."""
    return [
        f"`{name}` of `{target}` was right on {_share(output['right'])} of the examples, Keras on "
        f"{_share(output['keras_right'])}."
        for target, outputs in answers.items()
        for name, output in outputs.items()
        if "right" in output
    ]


def _figures(output: Mapping) -> list[str]:
    error, correlation = output["typical_error"], output["correlation"]
    return [
        _share(output["agreement"]),
        f"{output['an_example']:,}",
        NONE if error is None else f"{error:.2g}",
        NONE if correlation is None else f"{correlation:.4f}",
    ]


def _remarks(card: Mapping) -> list[str]:
    remarks, forms = [], {}
    for target, entry in card["artifacts"].items():
        if calibration := entry["calibration"]:
            scheme = f", scheme `{entry['int8_scheme']}`" if entry["int8_scheme"] else ""
            drawn = f"{calibration['examples']:,} of {calibration['of']:,} examples, seed {calibration['seed']}"
            remarks.append(f"`{target}` was calibrated on {calibration['source']}, {drawn}{scheme}.")
        for name, why in (entry.get("kept_inputs") or {}).items():
            remarks.append(f"Input `{name}` of `{target}` holds the numbers that it is given, in no 8 bits: {why}.")
        reasons = float_operators(entry["int8_scheme"])
        for name, count in (entry["float_islands"] or {}).items():
            remarks.append(f"{count} {name} in `{target}` compute in float: {reasons.get(name, NO_KERNEL)}.")
        if entry["same_as"]:
            remarks.append(f"`{target}` is the same as {entry['same_as']}: no weight of it is large enough.")
        if entry["forms"]:
            forms.setdefault(", ".join(f"{layer} {form}" for layer, form in entry["forms"].items()), []).append(target)
    return remarks + [f"Recurrences in {_joined(targets)}: {words}." for words, targets in forms.items()]


def _streams(card: Mapping) -> list[str]:
    """What was measured of the part `stream`."""
    found = {target: entry.get("streaming") for target, entry in card["artifacts"].items()}
    return [
        f"`stream` of `{target}` takes {_counted(facts['chunk'], 'frame')} a call: streamed, "
        f"{_counted(facts['examples'], 'example')} of {_counted(facts['frames'], 'frame')} differ from the whole by "
        f"{facts['max_abs']:.2g} at the most."
        for target, facts in found.items()
        if facts
    ]


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" + "s" * (number != 1)


def _off_gpu(card: Mapping) -> list[str]:
    """Why the GPU delegate does not take an artifact; artifacts with the same reason are named together."""
    targets: dict[str, list[str]] = {}
    for target, entry in card["artifacts"].items():
        if entry.get("gpu") and not entry["gpu"]["whole"]:
            targets.setdefault(entry["gpu"]["why_not"], []).append(f"`{target}`")
    return [f"Not for the GPU delegate: {_joined(names)}. {reason}." for reason, names in targets.items()]


def _of_task(card: Mapping) -> str:
    """The tables that only the task of the card has."""
    if not card["keras"]:
        return ""
    shown = {name: entry for name in ("float32", "int8") if (entry := _shipped(card, name))}
    sections = get_task(card["model"]["task"]).sections(card, shown)
    return "\n\n".join(f"## {section.title}\n\n{table(section.columns, section.rows)}" for section in sections)


def _comparison(card: Mapping) -> str:
    """Every metric that is not of one class, beside the baselines and what others published."""
    if not card["keras"]:
        return ""
    metrics = get_task(card["model"]["task"]).summary(list(card["keras"]["metrics"]))
    entries = {"Keras": card["keras"]["metrics"]}
    entries |= {name: entry["metrics"] for name in ("float32", "int8") if (entry := _shipped(card, name))}
    entries |= {f"baseline: {name}": values for name, values in (card["baselines"] or {}).items()}
    if card["published"]:
        entries["published"] = card["published"]["metrics"]
    rows = [
        [name, *(Metric.of(card, metric).text(values.get(metric)) for metric in metrics)]
        for name, values in entries.items()
    ]
    source = f"\n\nPublished: {card['published']['source']}." if card["published"] else ""
    return "## Beside others\n\n" + table(("", *metrics), rows) + source


def _data(card: Mapping) -> str:
    if not card["data"]:
        return ""
    data = card["data"]
    splits = ", ".join(f"{count:,} {name}" for name, count in data["splits"].items())
    facts = f"`{data['name']}` {data['version']}: {splits} examples. {data['source']}. Licence: {data['licence']}."
    return "\n\n".join(["## Data", facts, *(f"- {note}" for note in data["notes"])])


def _training(card: Mapping) -> str:
    if not card["training"]:
        return ""
    facts = card["training"]
    goal = _joined([f"{name} {Metric.of(card, name).text(value)}" for name, value in facts["reach"].items()])
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    minutes = f"{facts['seconds'] / 60:,.0f} min"
    return (
        f"## Training\n\n```bash\nzoo train {card['bundle']}\n```\n\n"
        f"Seed {facts['seed']}, {facts['epochs']} epochs, {minutes} on {facts['hardware']}; {versions}. "
        f"The recipe promises {goal} on the test split (float). Its SHA-256: `{facts['recipe_sha256']}`."
    )


def _operators(card: Mapping) -> str:
    counted = {target: entry["operators"] for target, entry in card["artifacts"].items() if entry["operators"]}
    if not counted:
        return ""
    names = sorted({name for operators in counted.values() for name in operators})
    rows = [[name, *(f"{operators.get(name, 0):,}" for operators in counted.values())] for name in names]
    return "## Operators\n\n" + table(("", *counted), rows)


def _shipped(card: Mapping, target: str) -> Mapping | None:
    entry = card["artifacts"].get(target)
    return entry if entry and entry["status"] == "passed" else None


def _number(entry: Mapping | None, key: str) -> str:
    return f"{entry[key]:,}" if entry and entry[key] is not None else NONE


def _latency(entry: Mapping | None) -> str:
    return f"{entry['latency_us']['median']:,.1f}" if entry and entry["latency_us"] else NONE


def _share(value: float | None) -> str:
    return NONE if value is None else f"{100 * value:.2f} %"


def _joined(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
