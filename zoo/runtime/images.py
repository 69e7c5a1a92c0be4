"""Pictures for an input: PNG, JPEG and WebP files, brought to the size and the channels that a model takes.

Every picture becomes float32 values 0..255: turned as its EXIF data says, laid on white where it is transparent, 16
bits scaled to the same range, then cropped or squashed as the manifest says.
"""

import struct
import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps

from zoo.errors import InputError
from zoo.runtime.arrays import InputSpec

PIXELS = 64 * 1000 * 1000
"""The largest picture that is decoded, as the cameras of phones make them."""

_DAMAGED = (OSError, SyntaxError, ValueError, EOFError, TypeError, struct.error)
"""What Pillow's decoders and EXIF reader raise."""

_FORMATS = ("PNG", "JPEG", "WEBP")
_SIXTEEN_BITS = ("I;16", "I;16L", "I;16B", "I;16N", "I")
_FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


def read_image(path: Path, spec: InputSpec) -> np.ndarray:
    """A picture as (1, height, width, channels) float32, 0..255.

    Raises:
        InputError: it is no PNG, JPEG or WebP, has more than `PIXELS` pixels (nothing is decoded then), or is damaged.
    """
    _, height, width, channels = spec.shape
    fit = spec.fit or {"mode": "squash", "filter": "bilinear"}
    try:
        # The warnings are of damaged EXIF data, which is left out, and of sizes, for which the limit here is lower.
        with warnings.catch_warnings(action="ignore"), path.open("rb") as file:
            picture = _normalise(_open(file, f"`{path}`"), "RGB" if channels == 3 else "L")
    except _DAMAGED as error:
        raise InputError(f"`{path}` cannot be decoded as a picture: {error}") from None
    resample = _FILTERS[fit["filter"]]
    if fit["mode"] == "crop":
        picture = ImageOps.fit(picture, (width, height), resample)
    else:
        picture = picture.resize((width, height), resample)
    values = np.asarray(picture, np.float32).reshape(height, width, -1)
    return np.broadcast_to(np.clip(values, 0, 255), (height, width, channels))[np.newaxis].astype(spec.dtype)


def _open(file: BinaryIO, where: str) -> Image.Image:
    """The picture's header; its pixels are read later."""
    try:
        image = Image.open(file, formats=_FORMATS)
    except Image.UnidentifiedImageError:
        raise InputError(f"{where} is no picture that can be read: expected a PNG, JPEG or WebP file") from None
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
