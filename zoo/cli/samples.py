"""`zoo samples`: files to try the other commands with."""

from pathlib import Path
from typing import Annotated

import typer


def samples(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where to write them; the current folder if not given.")
    ] = Path(),
) -> None:
    """Writes a picture, a heart beat, a recurrent Keras model and signals for it: `zoo samples samples`.

    The picture is drawn and the beat is simulated, so they show how commands are used and nothing about a model.  The
    Keras model is untrained; it and its signals need the packages of training.
    """
    from importlib.util import find_spec

    from zoo.cli._output import import_tensorflow
    from zoo.samples import write_samples

    if find_spec("tensorflow"):
        import_tensorflow()
    for path in write_samples(folder):
        print(path)
