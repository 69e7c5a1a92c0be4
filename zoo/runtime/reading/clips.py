"""Clips for an input: GIF and animated WebP files and folders of pictures, brought to the frames that a model takes.

Each frame becomes values as a picture does.  Of more frames than the input takes, those are read that stand in the
middles of as many equal stretches: evenly spaced, and the same for every clip of one length.
"""

import itertools
import os
import re
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from zoo.errors import InputError
from zoo.runtime.reading.arrays import CLIP_PIXELS, PIXELS, InputSpec
from zoo.runtime.reading.images import DAMAGED, fit_image, fit_pixels, open_image, read_image

BYTES = 2**28
"""Of the largest file that is read: all of it is looked through for frames."""
FRAMES = 10_000
"""The longest clip that is read: over five minutes of 30 frames a second."""
PICTURES = (".png", ".jpg", ".jpeg", ".webp")
_FORMATS = {"GIF": "GIF", "WEBP": "WebP"}


def read_clip(path: Path, spec: InputSpec) -> np.ndarray:
    """The frames of a file as the input takes them: (1, frames, height, width[, channels]).

    Args:
        path: a GIF or an animated WebP file.
        spec: the input; where it is `variable` there may be fewer frames than `spec.shape[1]`.

    Raises:
        InputError: it is no such file, is damaged, has too few frames, or more than `BYTES`, `FRAMES` or `CLIP_PIXELS`
            (nothing is decoded then).
    """
    where = f"`{path}`"
    try:
        with warnings.catch_warnings(action="ignore"), path.open("rb") as file:
            if (size := file.seek(0, os.SEEK_END)) > BYTES:
                raise InputError(f"{where} is too large: found {size:,} bytes, expected at most {BYTES:,}")
            file.seek(0)
            image = open_image(file, where, "clip", _FORMATS)
            places = spaced(getattr(image, "n_frames", 1), spec, where)
            return _stacked(_frames(image, places, spec, where), spec)
    except Image.DecompressionBombError as error:
        raise InputError(f"{where} is too large: {error}") from None
    except (*DAMAGED, IndexError) as error:
        raise InputError(f"{where} cannot be decoded as a clip: {error or 'it holds no frame'}") from None


def read_folder(path: Path, spec: InputSpec) -> np.ndarray:
    """The pictures of a folder as one clip, by name with numbers in their order (`2.png` before `10.png`).

    Only those that are taken are opened.

    Raises:
        InputError: as `read_clip` and `read_image`; or it holds no picture.
    """
    with os.scandir(path) as entries:
        pictures = (each.name for each in entries if each.name.lower().endswith(PICTURES) and each.name[0] != ".")
        names = sorted(itertools.islice(pictures, FRAMES + 1), key=_natural)
    if not names:
        raise InputError(f"`{path}` holds no frames: expected pictures that end in {', '.join(PICTURES)}")
    frame = _of_frame(spec)
    return _stacked((read_image(path / names[place], frame) for place in spaced(len(names), spec, f"`{path}`")), spec)


def fit_frames(pixels: np.ndarray, spec: InputSpec, where: str) -> np.ndarray:
    """A clip of (frames, height, width[, 1, 3 or 4]) uint8 as the input takes it: see `read_clip`."""
    frames, spec_of_frame = pixels[0] if pixels.ndim == 5 else pixels, _of_frame(spec)
    return _stacked((fit_pixels(frames[place], spec_of_frame) for place in spaced(len(frames), spec, where)), spec)


def spaced(count: int, spec: InputSpec, where: str) -> list[int]:
    """Which of `count` frames an input takes: all where they are no more, else one from the middle of each stretch.

    Raises:
        InputError: they are too few for an input that is not `variable`, or none, or more than `FRAMES`.
    """
    longest = spec.shape[1]
    if count > FRAMES:
        raise InputError(f"{where} is too long: found more than {FRAMES:,} frames, expected at most so many")
    if count == 0 or (count < longest and not spec.variable):
        raise InputError(f"{where} has too few frames: found {count:,}, input `{spec.name}` takes {longest:,}")
    taken = min(count, longest)
    return [(2 * place + 1) * count // (2 * taken) for place in range(taken)]


def _frames(image: Image.Image, places: list[int], spec: InputSpec, where: str) -> Iterator[np.ndarray]:
    """A frame is made of those before it, and may be larger than they: its size is checked before it is decoded."""
    frame = _of_frame(spec)
    for place in range(places[-1] + 1):
        image.seek(place)
        size, count = image.width * image.height, image.n_frames
        if size > PIXELS or size * count > CLIP_PIXELS:
            raise InputError(
                f"{where} is too large: found {size * count:,} pixels in {count:,} frames, expected at most "
                f"{CLIP_PIXELS:,}, and {PIXELS:,} a frame"
            )
        if place in places:
            yield fit_image(image, frame)


def _of_frame(spec: InputSpec) -> InputSpec:
    return replace(spec, kind="image", shape=(1, *spec.shape[2:]), variable=False)


def _stacked(frames: Iterator[np.ndarray], spec: InputSpec) -> np.ndarray:
    return np.stack(list(frames), axis=1, dtype=spec.dtype)


def _natural(name: str) -> tuple[list[str | int], str]:
    pieces = re.split(r"(\d+)", name.lower())
    return [int(piece) if place % 2 else piece for place, piece in enumerate(pieces)], name
