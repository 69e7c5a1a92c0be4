"""Clips become frames as a model takes them: files, folders of pictures and arrays."""

import numpy as np
import pytest
from PIL import Image

from zoo.errors import InputError
from zoo.runtime.reading.arrays import CLIP_PIXELS, InputSpec
from zoo.runtime.reading.clips import FRAMES, spaced
from zoo.runtime.reading.inputs import each_file, read_inputs

CLIP = InputSpec("clip", (1, 4, 6, 8, 3), "float32", "clip")
LENGTH = InputSpec("length", (1,), "int32", "length", counts="clip")
GREY = [0, 40, 80, 120, 160, 200, 240, 20, 60, 100, 140, 180]


def pictures(count, size=(8, 6), mode="RGB"):
    """Pictures of one grey each, which say by it where they stand."""
    return [Image.new("L", size, GREY[place]).convert(mode) for place in range(count)]


def write(path, frames, **more):
    frames[0].save(path, save_all=True, append_images=frames[1:], **more)
    return path


def folder(path, count, name="{}.png"):
    path.mkdir()
    for place, picture in enumerate(pictures(count)):
        picture.save(path / name.format(place))
    return path


def greys(clip):
    """The grey of each frame, if it has but one."""
    assert clip.min(axis=(0, 2, 3, 4)).tolist() == clip.max(axis=(0, 2, 3, 4)).tolist()
    return clip[0, :, 0, 0, 0].tolist()


def read(source, spec=CLIP, **more):
    return read_inputs(source, {"clip": spec, **more})


FORMS = {
    "gif": lambda path: write(path / "a.gif", pictures(4)),
    "webp": lambda path: write(path / "a.webp", pictures(4), lossless=True),
    "folder": lambda path: folder(path / "a", 4),
    "array": lambda path: np.stack([np.asarray(each) for each in pictures(4)]),
    "grey array": lambda path: np.stack([np.asarray(each) for each in pictures(4, mode="L")]),
    "larger array": lambda path: np.stack([np.asarray(each) for each in pictures(4, size=(20, 9))])[None],
    "pictures of Pillow's": lambda path: pictures(4),
}


@pytest.mark.parametrize("form", FORMS)
def test_frames_come_in_their_order(tmp_path, form):
    clip = read(FORMS[form](tmp_path))["clip"]
    assert (clip.shape, clip.dtype) == ((1, 4, 6, 8, 3), np.float32)
    assert greys(clip) == GREY[:4]


def test_an_array_on_disk_is_a_clip_too(tmp_path):
    np.save(tmp_path / "a.npy", np.stack([np.asarray(each) for each in pictures(9, size=(30, 20))]))
    np.savez(tmp_path / "a.npz", clip=np.load(tmp_path / "a.npy"))
    for name in ("a.npy", "a.npz"):
        assert greys(read(tmp_path / name)["clip"]) == [GREY[place] for place in (1, 3, 5, 7)]


def test_frames_are_fitted_as_pictures_are(tmp_path):
    frames = [Image.fromarray(array) for array in np.random.default_rng(0).integers(0, 256, (4, 20, 30, 3), np.uint8)]
    for place, frame in enumerate(frames):
        frame.save(tmp_path / f"{place}.png")
    for fit in ({"mode": "crop", "filter": "bicubic", "scale": 1.25}, {"mode": "squash", "filter": "nearest"}):
        spec = InputSpec("clip", (1, 4, 6, 8, 1), "float32", "clip", fit, range=(0, 1))
        image = InputSpec("image", (1, 6, 8, 1), "float32", "image", fit, range=(0, 1))
        clip = read(tmp_path, spec)["clip"]
        for place in range(4):
            picture = read_inputs(tmp_path / f"{place}.png", {"image": image})["image"]
            np.testing.assert_array_equal(clip[:, place], picture)


def test_a_clip_without_channels(tmp_path):
    spec = InputSpec("clip", (1, 4, 6, 8), "uint8", "clip")
    clip = read(write(tmp_path / "a.gif", pictures(4)), spec)["clip"]
    assert (clip.shape, clip.dtype, clip[0, :, 0, 0].tolist()) == (spec.shape, np.uint8, GREY[:4])


@pytest.mark.parametrize(
    ("count", "places"), [(4, [0, 1, 2, 3]), (5, [0, 1, 3, 4]), (8, [1, 3, 5, 7]), (12, [1, 4, 7, 10])]
)
@pytest.mark.parametrize("form", ["gif", "folder"])
def test_of_many_frames_evenly_spaced_ones_are_taken(tmp_path, form, count, places):
    source = write(tmp_path / "a.gif", pictures(count)) if form == "gif" else folder(tmp_path / "a", count)
    assert greys(read(source)["clip"]) == [GREY[place] for place in places]


@pytest.mark.parametrize("count", [4, 7, 100, 101, FRAMES])
def test_taken_frames_stand_in_the_middles_of_equal_stretches(count):
    places = np.array(spaced(count, CLIP, "a"))
    middles = (np.arange(4) + 0.5) * count / 4 - 0.5
    assert (abs(places - middles) <= 0.5).all()


def test_numbers_in_names_are_numbers(tmp_path):
    path = folder(tmp_path / "a", 4, "frame {}.PNG")
    (path / "frame 2.PNG").rename(path / "Frame 010.png")
    (path / "frame 3.PNG").rename(path / "frame 9.png")
    (path / "notes.txt").write_text("no frame")
    Image.new("L", (8, 6), 255).save(path / ".hidden.png")
    assert greys(read(path)["clip"]) == [0, 40, 120, 80]


@pytest.mark.parametrize("form", ["gif", "folder", "array"])
def test_a_short_clip_repeats_its_last_frame_and_is_counted(tmp_path, form):
    source = {
        "gif": lambda: write(tmp_path / "a.gif", pictures(2)),
        "folder": lambda: folder(tmp_path / "a", 2),
        "array": lambda: np.stack([np.asarray(each) for each in pictures(2)]),
    }[form]()
    found = read(source, length=LENGTH)
    assert greys(found["clip"]) == [0, 40, 40, 40]
    assert (found["length"].tolist(), found["length"].dtype) == ([2], np.int32)
    assert read(folder(tmp_path / "b", 9), length=LENGTH)["length"].tolist() == [4]


def gif(frames=1, size=(8, 6), end=b";"):
    """A GIF of one colour by hand: header, table of two colours, then frames that say next to nothing."""
    screen = size[0].to_bytes(2, "little") + size[1].to_bytes(2, "little")
    frame = b"," + bytes(4) + screen + b"\0\x02\x02\x44\x01\0"
    return b"GIF89a" + screen + b"\x80\0\0" + bytes(3) + b"\xff" * 3 + frame * frames + end


WRONG = {
    "too few frames": (gif(2), "`a.gif` has too few frames: found 2, input `clip` takes 4"),
    "no frame": (gif(0), "`a.gif` cannot be decoded as a clip|`a.gif` is no clip"),
    "far too many frames": (gif(10**5, (1, 1)), "`a.gif` is too long: found more than 10,000 frames"),
    "too many pixels": (
        gif(5000, (600, 600)),
        f"found 1,800,000,000 pixels in 5,000 frames, expected .* {CLIP_PIXELS:,}",
    ),
    "a later frame too large": (
        gif(1, (1, 1), end=gif(8, (9000, 9000))[19:]),
        r"found 729,000,000 pixels in 9 frames, .* 64,000,000 a frame",
    ),
    "one frame too large": (gif(4, (60_000, 60_000)), "is too large"),
    "a picture": (None, "`a.gif` is no clip that can be read: expected a GIF or WebP file"),
    "text": (b"I am a clip", "`a.gif` is no clip that can be read"),
    "nothing": (b"", "`a.gif` is no clip that can be read"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_clip_is_refused(tmp_path, monkeypatch, case):
    data, message = WRONG[case]
    monkeypatch.chdir(tmp_path)
    if data is None:
        pictures(1)[0].save("a.gif", "PNG")
    else:
        (tmp_path / "a.gif").write_bytes(data)
    with pytest.raises(InputError, match=message):
        read("a.gif")


def test_a_file_too_large_is_not_looked_through(tmp_path):
    with (tmp_path / "a.gif").open("wb") as file:
        file.write(gif(4))
        file.truncate(2**28 + 1)  # a hole, which takes no room
    with pytest.raises(InputError, match="found 268,435,457 bytes, expected at most 268,435,456"):
        read(tmp_path / "a.gif")


def test_a_folder_without_frames_is_refused(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(
        InputError, match=r"holds no frames: expected pictures that end in \.png, \.jpg, \.jpeg, \.webp"
    ):
        read(tmp_path)


def test_a_damaged_frame_is_named(tmp_path):
    path = folder(tmp_path / "a", 4)
    (path / "2.png").write_bytes(b"\x89PNG")
    with pytest.raises(InputError, match=r"a/2\.png` is no picture that can be read"):
        read(path)


def test_arrays_of_another_form_are_refused():
    for array in (np.zeros((4, 6, 8, 2), np.uint8), np.zeros((4, 6, 9, 3)), np.zeros((0, 6, 8, 3), np.uint8)):
        with pytest.raises(InputError, match="the array has the wrong shape"):
            read(array)


def test_a_folder_is_a_clip_for_a_model_of_clips_and_files_for_others(tmp_path):
    path = str(folder(tmp_path / "a", 2))
    assert list(each_file([path], {"clip": CLIP})) == [path]
    image = InputSpec("image", (1, 6, 8, 3), "float32", "image")
    assert [name[-5:] for name in each_file([path, "b.png"], {"image": image})] == ["0.png", "1.png", "b.png"]
