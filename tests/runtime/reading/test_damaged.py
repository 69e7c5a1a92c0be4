"""Whatever bytes a file holds, it is read or it is a sentence: files of strangers are damaged in every way there is."""

import io
import wave

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from zoo.errors import InputError
from zoo.runtime.reading.arrays import InputSpec
from zoo.runtime.reading.inputs import read_inputs

PICTURE = InputSpec("x", (1, 8, 8, 3), "float32", "image", {"mode": "crop", "filter": "bilinear"})
CLIP = InputSpec("x", (1, 2, 8, 8, 3), "float32", "clip")
SERIES = InputSpec("x", (1, 16, 2), "float32", "signal")
SOUND = InputSpec("x", (1, 100), "float32", "signal", sample_rate=8000)


def picture(form):
    exif, file = Image.Exif(), io.BytesIO()
    exif[0x0112] = 6
    image = Image.fromarray(np.random.default_rng(0).integers(0, 255, (20, 30, 3), np.uint8))
    image.save(file, form, exif=exif)
    return file.getvalue()


def clip(form):
    file = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 255, (3, 20, 30, 3), np.uint8)
    first, *others = map(Image.fromarray, pixels)
    first.save(file, form, save_all=True, append_images=others)
    return file.getvalue()


def array(save, *arguments, **named):
    file = io.BytesIO()
    save(file, *arguments, **named)
    return file.getvalue()


def sound():
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((1, 2, 8000, 100, "NONE", ""))
        writer.writeframes(bytes(200))
    return file.getvalue()


VALUES = np.random.default_rng(0).normal(size=(16, 2)).astype(np.float32)
WHOLE = {
    ".png": (PICTURE, picture("PNG")),
    ".jpg": (PICTURE, picture("JPEG")),
    ".webp": (PICTURE, picture("WEBP")),
    ".gif": (CLIP, clip("GIF")),
    "clip.webp": (CLIP, clip("WEBP")),
    ".npy": (SERIES, array(np.save, VALUES)),
    ".npz": (SERIES, array(np.savez_compressed, x=VALUES)),
    ".csv": (SERIES, "\n".join(f"{a},{b}" for a, b in VALUES).encode()),
    ".wav": (SOUND, sound()),
}
# Where the wound is: the first 200 bytes, where the headers are, as often as all others.
places = st.one_of(st.integers(0, 200), st.integers(0, 2**16))
wounds = st.tuples(places, st.sampled_from(["set", "insert", "delete", "end"]), st.binary(min_size=1, max_size=4))


def wound(data, place, kind, more):
    place = place % len(data)
    before, after = data[:place], data[place:]
    return {
        "set": before + more + after[len(more) :],
        "insert": before + more + after,
        "delete": before + after[len(more) :],
        "end": before,
    }[kind] or b"\0"


@pytest.mark.parametrize("suffix", WHOLE)
@given(st.lists(wounds, min_size=1, max_size=4))
def test_a_damaged_file_is_read_or_refused(tmp_path_factory, suffix, wounds):
    spec, data = WHOLE[suffix]
    for place, kind, more in wounds:
        data = wound(data, place, kind, more)
    path = tmp_path_factory.mktemp("damaged") / f"a{suffix}"
    path.write_bytes(data)
    try:
        found = read_inputs(path, {"x": spec})["x"]
    except InputError:
        return
    assert found.shape == spec.shape
    assert np.isfinite(found).all()
