"""What a training tells of its epochs: `metrics.csv` and TensorBoard, both written anew when a run goes on."""

import csv
import io
import shutil
from pathlib import Path

import tensorflow as tf

from zoo._system.durable import write_text, writing


class Logs:
    """The logs of a run that has had the epochs `lines` so far."""

    def __init__(self, folder: Path, lines: list[dict[str, float]]):
        self._csv = folder / "metrics.csv"
        self._lines: list[dict[str, float]] = []
        self._tensorboard = folder / "tensorboard"
        shutil.rmtree(self._tensorboard, ignore_errors=True)  # what it showed stands in the table
        if not lines:
            self._csv.unlink(missing_ok=True)
        with writing(self._tensorboard):
            self._board = tf.summary.create_file_writer(str(self._tensorboard))
        for line in lines:
            self._show(line)
        if lines:
            self._write()

    def add(self, line: dict[str, float]) -> None:
        """Logs one epoch."""
        self._show(line)
        self._write()

    def _write(self) -> None:
        text = io.StringIO()
        table = csv.DictWriter(text, fieldnames=list(self._lines[-1]), lineterminator="\n")
        table.writeheader()
        table.writerows(self._lines)
        write_text(self._csv, text.getvalue())

    def _show(self, line: dict[str, float]) -> None:
        self._lines.append(line)
        with writing(self._tensorboard), self._board.as_default():
            for name, value in line.items():
                tf.summary.scalar(name, value, step=int(line["epoch"]))
            self._board.flush()
