"""`zoo predict`: the answers of a bundle, on LiteRT."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from zoo.cli import _names
from zoo.cli._output import as_json
from zoo.errors import InputError, InputWarning, ZooError
from zoo.targets import RUN_BY_LITERT


def predict(
    bundle: Annotated[
        str,
        typer.Argument(
            metavar="BUNDLE",
            autocompletion=_names.trainings,
            help="A bundle's name (`resnet8.cifar10`) or path.",
        ),
    ],
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT",
            help="PNG, JPEG, WebP, GIF, .npy, .npz, .csv, .wav or .txt, a folder of these, or `-` for one on standard "
            "input; several inputs of one example: `ecg=a.csv,rr=b.csv`, `image=cat.png,question=where is the cat`.",
        ),
    ],
    target: Annotated[
        str,
        typer.Option(
            metavar="T",
            autocompletion=_names.targets,
            help=f"Which artifact to run; `auto`: the first shipped of {', '.join(RUN_BY_LITERT)}.",
        ),
    ] = "auto",
    threads: Annotated[int, typer.Option(min=1, help="Threads of the CPU kernels.")] = 1,
    question: Annotated[
        str | None, typer.Option(metavar="TEXT", help="A question about INPUT, for a model that takes one.")
    ] = None,
    beam: Annotated[
        int | None, typer.Option(metavar="N", help="How many texts a decode loop keeps; 1 takes the likeliest token.")
    ] = None,
    longest: Annotated[int | None, typer.Option(metavar="N", help="The most tokens of a text.")] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Of what a decode loop draws.")] = None,
    json_lines: Annotated[bool, typer.Option("--json", help="Print JSON, one object a line for each INPUT.")] = False,
) -> None:
    """Predicts: `zoo predict resnet8.cifar10 cat.png`.  Several INPUTs, or a folder: one prediction a line.

    A bad one among several is named on stderr and keeps none of the others back; the command exits 2 then.
    """
    from zoo import runtime
    from zoo.runtime.reading.inputs import each_file

    predictor = runtime.load(bundle, target, threads)
    options = {"beam": beam, "longest": longest, "seed": seed}
    options = {name: value for name, value in options.items() if value is not None}
    sources = list(each_file(inputs, predictor.inputs))
    failures = []
    with _spoken_warnings():
        for answer in predictor.many(sources, question, **options):
            if isinstance(answer, ZooError):
                if len(sources) == 1:
                    raise answer
                failures.append(answer)
                print(f"error: {answer.message}", file=sys.stderr)
            elif json_lines:
                print(as_json(answer.to_dict()))
            else:
                print(answer if len(sources) == 1 else answer.line())
    if failures:
        raise InputError(f"{len(failures):,} of {len(sources):,} inputs were not answered: each is named above")


@contextmanager
def _spoken_warnings() -> Iterator[None]:
    """A warning about an input is one line on stderr, each time anew."""

    def say(message: Warning | str, *_: object) -> None:
        print(f"warning: {message}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("always", InputWarning)
        warnings.showwarning = say
        yield
