"""`zoo show`: one model, or one training of it."""

from typing import Annotated

import typer

from zoo import registry
from zoo.bundle import load_bundle
from zoo.bundle.metric import Metric
from zoo.cli import _names
from zoo.cli._output import print_json
from zoo.cli._runtimes import print_runtimes
from zoo.cli._tables import print_table


def show(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME[.TAG]", help="A model, or one training of it.", autocompletion=_names.models_and_trainings
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Shows a model: `zoo show resnet8`.  Parameters, MACs, receptive field, paper, and what its trainings measured."""
    spec = registry.get_spec(name)
    facts = spec.facts or {}
    description = {
        "name": spec.name,
        "family": spec.family,
        "summary": spec.summary,
        "task": spec.task,
        "paper": spec.paper,
        **{key: facts.get(key) for key in ("parameters", "trainable", "macs", "receptive_field", "inputs", "outputs")},
        **({"uncounted": facts["uncounted"]} if "uncounted" in facts else {}),
        "arguments": dict(spec.arguments),
        "pretrained": {f"{spec.name}.{tag}": measured(f"{spec.name}.{tag}") for tag in wanted_tags(spec)},
    }
    if as_json:
        print_json(description)
        return
    trainings = description.pop("pretrained")
    print_table(
        ("", spec.name), [(key.replace("_", " "), text(value)) for key, value in description.items() if key != "name"]
    )
    rows = [(tag, *values) for tag, artifacts in trainings.items() for values in figures(tag, artifacts)]
    if rows:
        print_table(("pretrained", "target", "status", "bytes", "measured on the test split", "latency"), rows)
        for artifacts in trainings.values():
            print_runtimes(artifacts or {})
    else:
        print(f"no pretrained weights; `zoo.create_model({spec.name!r})` builds it untrained")


def wanted_tags(spec: registry.Spec) -> list[str]:
    return [spec.tag] if spec.tag else registry.tags(spec.name)


def measured(name: str) -> dict | None:
    """The artifacts of a bundle as its card has them: {target: {status, bytes, metrics, latency_us}}; None: no card."""
    keys = ("status", "reason", "bytes", "metrics", "latency_us", "peak_memory_bytes", "interpreter")
    artifacts = load_bundle(name).card.get("artifacts")
    return artifacts and {target: {key: values.get(key) for key in keys} for target, values in artifacts.items()}


def figures(tag: str, artifacts: dict | None) -> list[tuple]:
    """One row a target of the bundle `tag`."""
    if artifacts is None:
        return [("-", "no card", *3 * "-")]
    card = load_bundle(tag).card
    return [
        (
            target,
            values["status"] if values["status"] == "passed" else f"{values['status']}: {values['reason']}",
            f"{values['bytes']:,}" if values["bytes"] else "-",
            ", ".join(
                f"{key} {Metric.of(card, key).text(value)}"
                for key, value in list((values["metrics"] or {}).items())[:2]
            )
            or "-",
            f"{values['latency_us']['median']:,.0f} us" if values["latency_us"] else "-",
        )
        for target, values in artifacts.items()
    ]


def text(value: object) -> str:
    """A value for people: digits in groups, shapes as `name (256, 1) float32`."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case dict() if all(isinstance(item, dict) for item in value.values()):
            return "; ".join(
                f"{key} ({', '.join(map(str, item['shape']))}) {item['dtype']}" for key, item in value.items()
            )
        case dict():
            return ", ".join(f"{key}={item}" for key, item in value.items())
        case _:
            return str(value)
