"""`zoo predict`: the answers of a bundle, on LiteRT."""

import json
from typing import Annotated

import typer

from zoo.bundle import TARGETS
from zoo.errors import InputError


def predict(
    bundle: Annotated[str, typer.Argument(metavar="BUNDLE", help="A bundle's name (`resnet8.cifar10`) or path.")],
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT",
            help="PNG, JPEG, WebP, .npy, .npz, .csv or .wav; several inputs of one example: `ecg=a.csv,rr=b.csv`.",
        ),
    ],
    target: Annotated[
        str,
        typer.Option(
            metavar="T", help=f"Which artifact to run; `auto`: the first shipped of {', '.join(TARGETS[1:])}."
        ),
    ] = "auto",
    threads: Annotated[int, typer.Option(min=1, help="Threads of the CPU kernels.")] = 1,
    question: Annotated[str | None, typer.Option("--question", hidden=True)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one object a line for each INPUT.")] = False,
) -> None:
    """Predicts: `zoo predict resnet8.cifar10 cat.png`.  Several INPUTs: one prediction a line."""
    if question is not None:
        raise InputError("`--question` is not there yet: no model of the zoo answers questions")
    from zoo import runtime

    predictor = runtime.load(bundle, target, threads)
    for source in inputs:
        prediction = predictor(source)
        if as_json:
            print(json.dumps(prediction.to_dict(), ensure_ascii=False))
        else:
            print(prediction if len(inputs) == 1 else prediction.line())
