"""The look of pictures: the same bytes from the same figures, in colours that are told apart, or no file at all."""

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from zoo.errors import InputError
from zoo.plots.style import COLOURS, DPI, WIDTH, picture

DEUTERANOPIA = np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]])
"""What is left of linear RGB to one who has no green cones (Machado, Oliveira & Fernandes 2009, severity 1.0)."""


def bars(path):
    with picture(path, height=2) as figure:
        figure.subplots().barh([0, 1], [2, 3])


def test_the_same_figures_are_the_same_bytes(tmp_path):
    for name in ("first.png", "second.png"):
        bars(tmp_path / name)
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()
    with Image.open(tmp_path / "first.png") as image:
        assert image.size == (WIDTH * DPI, 2 * DPI)
        assert not image.info  # no date, and no version
        assert image.convert("RGB").getpixel((0, 0)) == (255, 255, 255)


def test_bars_have_the_colour_that_was_asked_for(tmp_path):
    bars(tmp_path / "bars.png")
    with Image.open(tmp_path / "bars.png") as image:
        colours = {colour: count for count, colour in image.convert("RGB").getcolors()}
    nearest = min(colours, key=lambda colour: np.abs(np.array(colour) - 255 * np.array(to_rgb(COLOURS[0]))).max())
    assert nearest == pytest.approx(255 * np.array(to_rgb(COLOURS[0])), abs=2)
    assert colours[nearest] > 10_000


def test_what_fails_leaves_what_was_there(tmp_path):
    (tmp_path / "old.png").write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), picture(tmp_path / "old.png", height=2):
        raise ZeroDivisionError
    assert (tmp_path / "old.png").read_bytes() == b"old"
    with pytest.raises(InputError, match="cannot be written"):
        bars(tmp_path / "no" / "folder.png")
    assert [path.name for path in tmp_path.iterdir()] == ["old.png"]


def test_no_two_colours_look_alike_to_the_colour_blind():
    linear = np.array([to_rgb(colour) for colour in COLOURS]) ** 2.2
    seen = np.clip(linear @ DEUTERANOPIA.T, 0, 1) ** (1 / 2.2)
    distances = [np.abs(first - second).max() for first, second in itertools.combinations(seen, 2)]
    assert min(distances) > 0.1
