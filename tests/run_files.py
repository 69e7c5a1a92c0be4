"""Looking into the folder of a run."""

import csv
import io
from pathlib import Path


def only_run(out: Path) -> Path:
    """The folder of the only run below `out`."""
    (path,) = out.glob("*/*")
    return path


def bits(path: Path) -> dict[str, bytes | list]:
    """What must not depend on how often a deterministic training was killed, by file."""
    files = {name: (path / name).read_bytes() for name in ("best.weights.h5", "model.weights.h5", "evaluation.json")}
    with io.StringIO((path / "metrics.csv").read_text("utf-8")) as table:
        lines = [{key: value for key, value in line.items() if key != "seconds"} for line in csv.DictReader(table)]
    return {**files, "metrics.csv": lines}
