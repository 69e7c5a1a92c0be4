"""Files to try commands with, made here: a drawn cat, a simulated beat, a small recurrent model and signals for it.

The beat is a sum of five Gaussian waves, P to T, as electrocardiograms are simulated since McSharry et al. 2003 (IEEE
Trans. Biomed. Eng. 50(3)); it is nobody's.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from zoo.errors import InputError, needs

WAVES = {"P": (-0.20, 0.025, 0.12), "Q": (-0.035, 0.010, -0.12), "R": (0.0, 0.011, 1.1), "S": (0.03, 0.010, -0.25)}
WAVES |= {"T": (0.25, 0.045, 0.30)}
"""Of each wave: where it stands beside the R peak and how wide it is, in seconds, and how high it is, in mV."""
INTERVALS = {"before": 0.80, "after": 0.81, "mean_of_last_ten": 0.79, "mean_so_far": 0.80}
"""Seconds between heart beats: from the one before, to the one after, and two means up to this one."""

_FUR, _STRIPES, _MUZZLE, _EARS, _EYES = (168, 112, 62), (120, 74, 38), (226, 190, 150), (214, 150, 140), (214, 206, 90)


def write_samples(folder: Path) -> list[Path]:
    """Writes all samples that can be made here: those of Keras need the packages of training.

    Returns:
        The files.

    Raises:
        InputError: one of them is there already, or the folder cannot be written.
    """
    writers = _WRITERS | (_OF_KERAS if _has_keras() else {})
    for name in writers:
        if (folder / name).exists():
            raise InputError(f"`{folder / name}` is there already: it would be replaced", "name another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, write in writers.items():
            write(folder / name)
    except OSError as error:
        raise InputError(f"`{folder}` cannot be written: {error.strerror}", "choose another folder") from error
    return [folder / name for name in writers]


def beat() -> np.ndarray:
    """(256,) float64, mV at 360 samples a second; the R peak is sample 90."""
    seconds = (np.arange(256) - 90) / 360
    return sum(height * np.exp(-(((seconds - place) / width) ** 2) / 2) for place, width, height in WAVES.values())


def signals(count: int = 100) -> np.ndarray:
    """(count, 24, 3) float32: noisy waves of random frequency."""
    random = np.random.default_rng(0)
    steps, pace = np.arange(24)[None, :, None], random.uniform(0.1, 1.0, (count, 1, 3))
    waves = np.sin(pace * steps + random.uniform(0, 6.3, (count, 1, 3)))
    return (waves + 0.1 * random.standard_normal(waves.shape)).astype(np.float32)


def _write_cat(path: Path) -> None:
    """Drawn in units of the picture's width, four times as large as it is saved."""
    from PIL import Image, ImageDraw

    side = 1024
    image = Image.new("RGB", (side, side), (130, 148, 122))
    pen = ImageDraw.Draw(image)

    def oval(x: float, y: float, width: float, height: float, colour: tuple) -> None:
        pen.ellipse([side * (x - width), side * (y - height), side * (x + width), side * (y + height)], fill=colour)

    def patch(colour: tuple, *corners: tuple[float, float]) -> None:
        pen.polygon([(side * x, side * y) for x, y in corners], fill=colour)

    pen.rectangle([0, 0.8 * side, side, side], fill=(120, 95, 70))
    oval(0.5, 1.0, 0.34, 0.42, _FUR)
    oval(0.5, 0.48, 0.32, 0.27, _FUR)
    for left in (True, False):
        mirror = [lambda x: 1 - x, lambda x: x][left]
        patch(_FUR, (mirror(0.20), 0.5), (mirror(0.22), 0.08), (mirror(0.46), 0.3))
        patch(_EARS, (mirror(0.25), 0.36), (mirror(0.26), 0.16), (mirror(0.38), 0.29))
        for y in (0.47, 0.55):
            patch(_STRIPES, (mirror(0.18), y), (mirror(0.32), y + 0.02), (mirror(0.18), y + 0.04))
        oval(mirror(0.36), 0.44, 0.06, 0.05, _EYES)
        oval(mirror(0.36), 0.44, 0.02, 0.045, (20, 20, 20))
    for x in (0.42, 0.5, 0.58):
        patch(_STRIPES, (x - 0.02, 0.22), (x + 0.02, 0.22), (x, 0.36))
    oval(0.5, 0.6, 0.14, 0.1, _MUZZLE)
    patch((196, 110, 110), (0.46, 0.545), (0.54, 0.545), (0.5, 0.59))
    for x in (0.42, 0.5):
        box = [side * x, 0.55 * side, side * (x + 0.08), 0.66 * side]
        pen.arc(box, 10, 170, fill=(60, 30, 20), width=6)
    image.resize((256, 256), Image.Resampling.LANCZOS).save(path)


def _write_beat(path: Path) -> None:
    path.write_text("mV\n" + "".join(f"{value:.4f}\n" for value in beat()), "utf-8")


def _write_intervals(path: Path) -> None:
    path.write_text(",".join(INTERVALS) + "\n" + ",".join(map(str, INTERVALS.values())) + "\n", "utf-8")


def _write_lstm(path: Path) -> None:
    with needs("train"):
        import keras

    keras.utils.set_random_seed(0)
    signal = keras.Input((24, 3), name="signal")
    x = keras.layers.LSTM(16)(signal)
    keras.Model(signal, keras.layers.Dense(2, name="forecast")(x), name="my_lstm").save(path)


def _write_signals(path: Path) -> None:
    np.savez(path, signal=signals())


def _has_keras() -> bool:
    from importlib.util import find_spec

    return all(find_spec(name) for name in ("keras", "tensorflow"))


_WRITERS: dict[str, Callable[[Path], None]] = {
    "cat.png": _write_cat,
    "beat.csv": _write_beat,
    "intervals.csv": _write_intervals,
}
_OF_KERAS: dict[str, Callable[[Path], None]] = {"my_lstm.keras": _write_lstm, "examples.npz": _write_signals}
