"""Pictures become values 0..255 in the size and the channels of the input, whatever file they come in."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from zoo.errors import InputError
from zoo.runtime.reading.arrays import InputSpec
from zoo.runtime.reading.images import read_image


def spec(height=4, width=4, channels=3, mode="squash", method="bilinear"):
    return InputSpec("image", (1, height, width, channels), "float32", "image", {"mode": mode, "filter": method})


@pytest.fixture
def colours():
    return np.random.default_rng(0).integers(0, 256, (4, 4, 3), np.uint8)


def saved(tmp_path, image, name="a.png", **more):
    image.save(tmp_path / name, **more)
    return tmp_path / name


def test_pixels_come_as_they_are(tmp_path, colours):
    found = read_image(saved(tmp_path, Image.fromarray(colours)), spec())
    assert found.shape == (1, 4, 4, 3)
    assert found.dtype == np.float32
    assert np.array_equal(found[0], colours)


@pytest.mark.parametrize(("name", "more"), [("a.jpg", {"quality": 95}), ("a.webp", {"lossless": True})])
def test_other_formats(tmp_path, name, more):
    smooth = np.linspace(0, 255, 16 * 16 * 3).reshape(16, 16, 3).astype(np.uint8)
    found = read_image(saved(tmp_path, Image.fromarray(smooth), name, **more), spec(16, 16))
    np.testing.assert_allclose(found[0], smooth, atol=12)


@pytest.mark.parametrize(("orientation", "turned"), [(1, 0), (8, 1), (3, 2), (6, 3)])
def test_exif_rotation_is_applied(tmp_path, colours, orientation, turned):
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = read_image(saved(tmp_path, Image.fromarray(colours), exif=exif), spec())
    assert np.array_equal(found[0], np.rot90(colours, turned))


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_transparent_is_laid_on_white(tmp_path, mode):
    alpha = np.repeat(np.array([[0, 255, 51, 255]], np.uint8), 4, axis=0)
    image = Image.new("L", (4, 4), 100).convert("RGBA")
    image.putalpha(Image.fromarray(alpha))
    image = image.convert(mode)
    found = read_image(saved(tmp_path, image), spec(channels=1))
    share = alpha / 255
    np.testing.assert_allclose(found[0, :, :, 0], 100 * share + 255 * (1 - share), atol=1)


def test_a_transparent_colour_of_a_palette_is_white(tmp_path):
    image = Image.fromarray(np.arange(16, dtype=np.uint8).reshape(4, 4)).convert("P")
    found = read_image(saved(tmp_path, image, transparency=5), spec())
    assert found[0, 1, 1].tolist() == [255, 255, 255]
    assert found[0, 1, 2].tolist() == [6, 6, 6]


def test_sixteen_bits_are_scaled(tmp_path):
    values = np.arange(16, dtype=np.uint16).reshape(4, 4) * 4369
    found = read_image(saved(tmp_path, Image.fromarray(values)), spec(channels=1))
    np.testing.assert_allclose(found[0, :, :, 0], np.arange(16).reshape(4, 4) * 17, rtol=1e-6)
    colour = read_image(tmp_path / "a.png", spec(channels=3))
    assert np.array_equal(colour[0, :, :, 2], found[0, :, :, 0])


def test_colour_becomes_grey_and_grey_colour(tmp_path, colours):
    found = read_image(saved(tmp_path, Image.fromarray(colours)), spec(channels=1))
    luma = colours.astype(float) @ [0.299, 0.587, 0.114]  # ITU-R BT.601
    np.testing.assert_allclose(found[0, :, :, 0], luma, atol=1)
    found = read_image(saved(tmp_path, Image.fromarray(colours[:, :, 0]), "b.png"), spec())
    assert np.array_equal(found[0], np.repeat(colours[:, :, :1], 3, axis=2))


def test_crop_keeps_the_middle_and_squash_all(tmp_path):
    wide = np.repeat(np.array([[0, 0, 10, 20, 30, 40, 250, 250]], np.uint8), 4, axis=0)
    path = saved(tmp_path, Image.fromarray(wide))
    cropped = read_image(path, spec(channels=1, mode="crop"))[0, :, :, 0]
    assert cropped.tolist() == [[10, 20, 30, 40]] * 4
    squashed = read_image(path, spec(channels=1, method="nearest"))[0, :, :, 0]
    assert squashed.tolist() == [[0, 20, 40, 250]] * 4


@pytest.mark.parametrize("size", [(40, 24), (24, 40), (32, 32)])
def test_a_scaled_crop_cuts_the_middle_of_a_larger_picture(tmp_path, size):
    """As the usual recipe of ImageNet: the short side to 256, the middle 224."""
    picture = Image.fromarray(np.random.default_rng(2).integers(0, 256, (*size[::-1], 3), np.uint8))
    fit = {"mode": "crop", "filter": "bilinear", "scale": 8 / 6}
    found = read_image(saved(tmp_path, picture), InputSpec("image", (1, 6, 6, 3), "float32", "image", fit))
    larger = picture.resize([round(side * 8 / min(size)) for side in size], Image.Resampling.BILINEAR)
    left, top = ((side - 6) / 2 for side in larger.size)
    expected = np.asarray(larger.crop((round(left), round(top), round(left) + 6, round(top) + 6)), float)
    assert abs(found[0] - expected).mean() < (1 if size == (32, 32) else 25)


@pytest.mark.parametrize("method", ["nearest", "bilinear", "bicubic", "lanczos"])
def test_each_filter_is_pillows(tmp_path, method):
    picture = np.random.default_rng(1).integers(0, 256, (9, 7, 3), np.uint8)
    image = Image.fromarray(picture)
    expected = np.asarray(image.resize((4, 4), Image.Resampling[method.upper()]))
    assert np.array_equal(read_image(saved(tmp_path, image), spec(method=method))[0], expected)


def png(width, height):
    """The header of a PNG of any size, and not one pixel."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return start + struct.pack(">I", 1000) + b"IDAT"


WRONG = {
    "too many pixels": (png(10_000, 10_000), "is too large: found 100,000,000 pixels, expected at most 64,000,000"),
    "absurdly many pixels": (png(100_000, 100_000), "is too large: .*10000000000 pixels"),
    "no pixels at all": (png(4, 4), "cannot be decoded as a picture"),
    "text": (b"I am a picture", "is no picture that can be read: expected a PNG, JPEG or WebP file"),
    "empty": (b"", "is no picture that can be read"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_picture_is_refused(tmp_path, case):
    """A limit on pixels that looked at pixels would say of these headers that they cannot be decoded."""
    data, message = WRONG[case]
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(InputError, match=message) as caught:
        read_image(tmp_path / "a.png", spec())
    assert str(tmp_path / "a.png") in caught.value.message


def test_only_three_formats_are_decoded(tmp_path, colours):
    path = saved(tmp_path, Image.fromarray(colours), "a.gif")
    with pytest.raises(InputError, match="expected a PNG, JPEG or WebP file"):
        read_image(path.rename(tmp_path / "a.png"), spec())


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp"])
def test_a_file_cut_short_is_refused(tmp_path, name):
    path = saved(tmp_path, Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)), name)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match="cannot be decoded as a picture"):
        read_image(path, spec())
