"""Pictures as files, as Pillow's and as arrays of any size go to whatever input has the shape of one."""

import numpy as np
import pytest
from hand_made import means
from PIL import Image

from zoo import runtime
from zoo.errors import InputError, InputWarning

ORANGE = (255, 165, 0)


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (20, 10), ORANGE).save("a.png")
    np.save("a.npy", np.full((10, 20, 3), ORANGE, np.uint8))
    return tmp_path


@pytest.mark.parametrize(
    ("limits", "expected"),
    [(None, ORANGE), ([0, 1], np.divide(ORANGE, 255)), ([-1, 1], np.divide(ORANGE, 127.5) - 1)],
)
def test_a_picture_has_the_values_that_the_manifest_says(files, limits, expected):
    predictor = runtime.load(means(files, kind="image", **({"range": limits} if limits else {})))
    pixels = np.full((4, 4, 3), ORANGE, np.uint8)
    for source in ("a.png", "a.npy", Image.open("a.png"), pixels, pixels[None], np.full((7, 9, 3), ORANGE, np.uint8)):
        np.testing.assert_allclose(predictor(source).outputs["y"], [expected], rtol=1e-5, atol=1e-6)


def test_a_model_that_declares_nothing_is_given_0_to_255_and_says_so(files):
    predictor = runtime.load(means(files, kind="array"))
    for source in ("a.png", Image.open("a.png"), {"x": "a.png"}):
        with pytest.warns(InputWarning, match=r"as values 0 to 255, .* `zoo export --input x=picture:0\.\.255`"):
            assert predictor(source).outputs["y"].tolist() == [list(ORANGE)]


def test_an_array_for_it_is_taken_as_it_is(files):
    predictor = runtime.load(means(files, kind="array"))
    assert predictor(np.full((4, 4, 3), ORANGE, np.uint8)).warnings == ()
    with pytest.raises(InputError, match="wrong shape: found"):
        predictor(np.full((5, 5, 3), ORANGE, np.uint8))


CAMERA = {
    "grey": (np.full((9, 7), 80, np.uint8), [80, 80, 80]),
    "grey with its channel": (np.full((9, 7, 1), 80, np.uint8), [80, 80, 80]),
    "transparent": (np.full((9, 7, 4), (0, 0, 0, 51), np.uint8), [204, 204, 204]),
    "grey of the right size": (np.full((4, 4), 80, np.uint8), [80, 80, 80]),
}


@pytest.mark.parametrize("case", CAMERA)
def test_frames_of_a_camera(files, case):
    frame, expected = CAMERA[case]
    assert runtime.load(means(files))(frame).outputs["y"].tolist() == [expected]


def test_frames_are_resized_as_files_are(files):
    frame = np.random.default_rng(0).integers(0, 256, (11, 13, 3), np.uint8)
    Image.fromarray(frame).save("b.png")
    for mode in ("crop", "squash"):
        predictor = runtime.load(means(files, kind="image", fit={"mode": mode, "filter": "bicubic"}))
        assert np.array_equal(predictor(frame).outputs["y"], predictor("b.png").outputs["y"])


@pytest.mark.parametrize(
    "array", [np.zeros((5, 5, 3)), np.zeros((5, 5, 2), np.uint8), np.zeros((0, 4, 3), np.uint8), np.zeros(5, np.uint8)]
)
def test_what_is_no_picture_is_refused(files, array):
    with pytest.raises(InputError, match="wrong shape") as found:
        runtime.load(means(files))(array)
    assert found.value.hint == "pictures of any size are uint8 arrays, 0..255"


def test_a_grey_picture_without_channels(files):
    predictor = runtime.load(means(files, shape=(4, 4), kind="image", range=[0, 1]))
    np.testing.assert_allclose(predictor("a.png").outputs["y"], np.full((1, 4), 173 / 255), atol=0.003)  # BT.601


@pytest.mark.parametrize("key", ["arr_0", "keras_tensor", "keras_tensor_12", "x"])
def test_one_array_for_one_input_needs_no_name(files, key):
    np.savez("a.npz", **{key: np.ones((4, 4, 3))})
    predictor = runtime.load(means(files))
    assert predictor("a.npz").outputs["y"].tolist() == [[1, 1, 1]]


def test_another_name_is_another_input(files):
    np.savez("a.npz", z=np.ones((4, 4, 3)))
    with pytest.raises(InputError, match="names an unknown input: `z`; expected `x`"):
        runtime.load(means(files))("a.npz")
