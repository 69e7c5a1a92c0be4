"""Pictures for an input: PNG, JPEG and WebP files, brought to the size and the channels that a model takes.

Every picture becomes values 0..255, or of the range that the manifest gives: turned as its EXIF data says, laid on
white where it is transparent, 16 bits scaled to the same range, then cropped or squashed as the manifest says.
"""

import struct
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps

from zoo.errors import InputError
from zoo.runtime.reading.arrays import PIXELS, InputSpec

DAMAGED = (OSError, SyntaxError, ValueError, EOFError, TypeError, struct.error)
"""What Pillow's decoders and EXIF reader raise."""

_FORMATS = {"PNG": "PNG", "JPEG": "JPEG", "WEBP": "WebP"}
_SIXTEEN_BITS = ("I;16", "I;16L", "I;16B", "I;16N", "I")
_FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


def read_image(path: Path, spec: InputSpec) -> np.ndarray:
    """The picture of a file as the input takes it: (1, height, width[, channels]), 0..255 unless it has another range.

    Raises:
        InputError: it is no PNG, JPEG or WebP, has more than `PIXELS` pixels (nothing is decoded then), or is damaged.
    """
    try:
        # The warnings are of damaged EXIF data, which is left out, and of sizes, for which the limit here is lower.
        with warnings.catch_warnings(action="ignore"), path.open("rb") as file:
            return fit_image(open_image(file, f"`{path}`", "picture", _FORMATS), spec)
    except DAMAGED as error:
        raise InputError(f"`{path}` cannot be decoded as a picture: {error}") from None


def fit_pixels(pixels: np.ndarray, spec: InputSpec) -> np.ndarray:
    """A picture of (height, width[, 1, 3 or 4]) uint8 as the input takes it: see `read_image`."""
    channels = pixels.shape[-1] if pixels.ndim > 2 else 1
    size = pixels.shape[1:3] if pixels.ndim == 4 else pixels.shape[:2]
    return fit_image(Image.fromarray(pixels.reshape(*size, *([channels] if channels > 1 else []))), spec)


def fit_image(image: Image.Image, spec: InputSpec) -> np.ndarray:
    """A picture of Pillow's as the input takes it: see `read_image`.

    `squash` brings each side to the input's.  `crop` keeps the middle: the short side is brought to the input's, times
    `scale` where the manifest gives it (256/224, say), and what stands over is cut off evenly.
    """
    height, width, channels = (*spec.example, 1)[:3]
    fit = spec.fit or {"mode": "squash", "filter": "bilinear"}
    picture, resample = _normalise(image, "RGB" if channels == 3 else "L"), _FILTERS[fit["filter"]]
    if fit["mode"] == "crop":
        margin = (1 - 1 / max(1.0, fit.get("scale", 1.0))) / 2
        picture = ImageOps.fit(picture, (width, height), resample, margin)
    else:
        picture = picture.resize((width, height), resample)
    values = np.clip(np.asarray(picture, np.float32), 0, 255).reshape(height, width, -1)
    low, high = spec.limits or (0, 255)
    if (low, high) != (0, 255):
        values = np.float32(low) + values * np.float32((high - low) / 255)
    if np.dtype(spec.dtype).kind in "iu":
        values = np.rint(values)
    return np.broadcast_to(values, (height, width, channels)).reshape(spec.shape).astype(spec.dtype)


def open_image(file: BinaryIO, where: str, kind: str, formats: Mapping[str, str]) -> Image.Image:
    """The header of a picture or clip; its pixels are read later.  `formats`: as Pillow and as people call them."""
    try:
        image = Image.open(file, formats=tuple(formats))
    except Image.UnidentifiedImageError:
        *names, last = formats.values()
        raise InputError(
            f"{where} is no {kind} that can be read: expected a {', '.join(names)} or {last} file"
        ) from None
    except Image.DecompressionBombError as error:
        raise InputError(f"{where} is too large: {error}") from None
    if (pixels := image.width * image.height) > PIXELS:
        raise InputError(f"{where} is too large: found {pixels:,} pixels, expected at most {PIXELS:,}")
    return image


def _normalise(image: Image.Image, mode: str) -> Image.Image:
    """Upright, opaque and in `mode`; or in mode F, of 0..255, where the file has 16 bits of grey."""
    image = ImageOps.exif_transpose(image)
    if image.mode in _SIXTEEN_BITS:
        return Image.fromarray(np.asarray(image, np.float32) / np.float32(257))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert(mode)
