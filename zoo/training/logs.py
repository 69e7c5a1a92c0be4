"""What a training tells of its epochs: `metrics.csv` and TensorBoard, both written anew when a run goes on."""

import csv
import io
import shutil
from pathlib import Path

import tensorflow as tf

from zoo.training._files import write_text


class Logs:
    """The logs of a run that has had the epochs `lines` so far."""

    def __init__(self, folder: Path, lines: list[dict[str, float]]):
        self._csv = folder / "metrics.csv"
        self._lines: list[dict[str, float]] = []
        shutil.rmtree(folder / "tensorboard", ignore_errors=True)
        self._board = tf.summary.create_file_writer(str(folder / "tensorboard"))
        self._csv.unlink(missing_ok=True)
        for line in lines:
            self.add(line)

    def add(self, line: dict[str, float]) -> None:
        """Logs one epoch."""
        self._lines.append(line)
        text = io.StringIO()
        table = csv.DictWriter(text, fieldnames=list(line), lineterminator="\n")
        table.writeheader()
        table.writerows(self._lines)
        write_text(self._csv, text.getvalue())
        with self._board.as_default():
            for name, value in line.items():
                tf.summary.scalar(name, value, step=int(line["epoch"]))
        self._board.flush()
