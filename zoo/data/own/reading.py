"""Pictures, sounds and clips of a user's own, by the readers of the device: a model learns on what it will get there.

The one place in this folder that knows `zoo.runtime.reading`.
"""

import os
import warnings
import wave
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from zoo.errors import InputError
from zoo.runtime.reading.arrays import InputSpec
from zoo.runtime.reading.audio import read_wav
from zoo.runtime.reading.clips import PICTURES as FRAMES
from zoo.runtime.reading.clips import read_clip, read_folder
from zoo.runtime.reading.images import DAMAGED, fit_image, open_image, read_image

SQUASH = {"mode": "squash", "filter": "bilinear"}
"""Both sides are brought to the size of the model, as an exported model does."""
_FORMATS = {"PNG": "PNG", "JPEG": "JPEG", "WEBP": "WebP", "GIF": "GIF"}
_PICTURES, _SOUNDS = (".png", ".jpg", ".jpeg", ".webp", ".gif"), (".wav",)
SUFFIXES = (*_PICTURES, *_SOUNDS)
WORDS = {"image": "a picture", "clip": "a clip", "wave": "a sound"}
"""What a file is called by its kind."""


@dataclass(frozen=True)
class FileFacts:
    """What one file, or folder of frames, holds."""

    kind: str
    """`image`, `clip` or `wave`, the kinds of inputs."""
    shape: tuple[int, ...]
    """(height, width, channels), (frames, height, width, channels) or (samples,)."""
    rate: int | None = None
    """Samples a second."""


def look(path: Path) -> FileFacts:
    """What a file is; all of it is decoded once, so that nothing is found out in the middle of a training.

    Raises:
        InputError: it cannot be read.
        OSError: it may not be.
    """
    if path.is_dir():
        return _look_at_frames(path)
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"`{path}` is none of {', '.join(SUFFIXES)}")
    if path.stat().st_size == 0:
        raise InputError(f"`{path}` is empty")
    if path.suffix.lower() in _SOUNDS:
        return _look_at_sound(path)
    return _look_at_picture(path)


def read(path: Path, facts: FileFacts, shape: Sequence[int], fit: Mapping = SQUASH) -> np.ndarray:
    """One example, of `shape`: uint8 of a picture or clip, float32 -1..1 of a sound.

    Longer sounds lose their end, shorter ones are padded by zeros; a short clip is padded by its last frame.

    Raises:
        InputError: the file is no longer what `facts` says.
    """
    if facts.kind == "wave":
        return _sound(path, facts, shape)
    if facts.kind == "clip":
        spec = InputSpec("clip", (1, *shape), "uint8", "clip", fit, variable=True)
        [clip] = (read_folder if path.is_dir() else read_clip)(path, spec)
        missing = shape[0] - len(clip)
        return np.concatenate([clip, np.repeat(clip[-1:], missing, axis=0)]) if missing else clip
    return _picture(path, InputSpec("image", (1, *shape), "uint8", "image", fit))


def fits(kind: str, shape: Sequence[int | None]) -> bool:
    """Whether files of a kind can be read at the shape that a model takes."""
    if kind == "wave":
        return len(shape) == 1 or (len(shape) == 2 and shape[1] == 1)
    ranks = {"image": 2, "clip": 3}[kind]
    return len(shape) == ranks or (len(shape) == ranks + 1 and shape[-1] in (1, 3))


def _look_at_picture(path: Path) -> FileFacts:
    where = f"`{path}`"
    try:
        with warnings.catch_warnings(action="ignore"), path.open("rb") as file:
            image = open_image(file, where, "picture", _FORMATS)
            frames = getattr(image, "n_frames", 1)
            if image.format not in ("GIF", "WEBP") or frames == 1:
                upright = ImageOps.exif_transpose(image)  # decodes all of it
                return FileFacts("image", (upright.height, upright.width, _channels(image)))
    except DAMAGED as error:
        raise InputError(f"{where} cannot be decoded as a picture: {error}") from None
    [clip] = read_clip(path, InputSpec("clip", (1, frames, 1, 1, 3), "uint8", "clip", SQUASH, variable=True))
    return FileFacts("clip", (len(clip), image.height, image.width, 3))


def _look_at_frames(folder: Path) -> FileFacts:
    with os.scandir(folder) as entries:
        names = sorted(each.name for each in entries if each.name.lower().endswith(FRAMES) and each.name[0] != ".")
    if not names:
        raise InputError(f"`{folder}` is a folder without pictures")
    height, width, channels = _look_at_picture(folder / names[0]).shape
    [clip] = read_folder(folder, InputSpec("clip", (1, len(names), 1, 1, 3), "uint8", "clip", SQUASH, variable=True))
    return FileFacts("clip", (len(clip), height, width, channels))


def _look_at_sound(path: Path) -> FileFacts:
    try:
        with path.open("rb") as raw, wave.open(raw) as file:
            facts = FileFacts("wave", (file.getnframes(),), file.getframerate())
    except (wave.Error, EOFError, RuntimeError, ValueError) as error:
        reason = str(error) or "a chunk is cut short"
        raise InputError(f"`{path}` cannot be read as a sound: {reason}") from None
    _samples(path, facts)
    return facts


def _picture(path: Path, spec: InputSpec) -> np.ndarray:
    if path.suffix.lower() != ".gif":
        return read_image(path, spec)[0]
    try:
        with warnings.catch_warnings(action="ignore"), path.open("rb") as file:
            return fit_image(open_image(file, f"`{path}`", "picture", _FORMATS), spec)[0]
    except DAMAGED as error:
        raise InputError(f"`{path}` cannot be decoded as a picture: {error}") from None


def _sound(path: Path, facts: FileFacts, shape: Sequence[int]) -> np.ndarray:
    samples, whole = _samples(path, facts), np.zeros(max(shape), np.float32)
    whole[: len(samples)] = samples[: len(whole)]
    return whole.reshape(shape)


def _samples(path: Path, facts: FileFacts) -> np.ndarray:
    return read_wav(path, InputSpec("wave", (1, *facts.shape), "float32", "wave", sample_rate=facts.rate))[0]


def _channels(image: Image.Image) -> int:
    return 1 if image.mode in ("1", "L", "LA") or image.mode.startswith(("I", "F")) else 3
