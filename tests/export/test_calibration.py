"""Calibration examples: chosen by seed from the train split, a file or a folder; checked by name, shape and number."""

import numpy as np
import pytest
from PIL import Image

from zoo.data import get_data
from zoo.errors import InputError
from zoo.export.intake.calibration import COUNT, chosen, read_calibration, read_examples
from zoo.runtime.reading.arrays import InputSpec

BEAT = {
    "ecg": InputSpec("ecg", (1, 6, 1), "float32", "signal"),
    "rr": InputSpec("rr", (1, 4), "float32", "features"),
}
TOKENS = {"tokens": InputSpec("tokens", (1, 5), "int32", "array")}
PICTURE = {"picture": InputSpec("picture", (1, 8, 8, 3), "float32", "array")}


RR = {"rr": BEAT["rr"]}


def beats(count: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    return {"ecg": random.normal(size=(count, 6, 1)), "rr": random.uniform(0, 9, size=(count, 4))}


def test_the_choice_is_seeded_and_without_repetition():
    assert chosen(20).tolist() == list(range(20))
    rows = chosen(1000)
    assert len(set(rows.tolist())) == COUNT
    assert rows.tolist() == sorted(rows.tolist()) == chosen(1000).tolist()


def test_a_data_set_gives_examples_of_its_train_split():
    specs = {"image": InputSpec("image", (1, 8, 8, 1), "float32", "image")}
    found = read_calibration("digits", specs, None, {})
    train = get_data("digits").load("train").inputs["image"]
    np.testing.assert_array_equal(found.inputs["image"], train[chosen(len(train))].astype("float32"))
    assert found.facts() == {"source": "digits train", "examples": COUNT, "of": 1400, "seed": 0}
    np.testing.assert_array_equal(
        read_calibration(None, specs, get_data("digits"), {}).inputs["image"], found.inputs["image"]
    )


def test_an_npz_is_keyed_by_input_name(tmp_path):
    given = beats(400)
    np.savez(tmp_path / "beats.npz", **given)
    found = read_calibration(tmp_path / "beats.npz", BEAT, None, {})
    rows = chosen(400)
    np.testing.assert_allclose(found.inputs["ecg"], given["ecg"][rows], rtol=1e-6)
    np.testing.assert_allclose(found.inputs["rr"], given["rr"][rows], rtol=1e-6)
    assert found.inputs["rr"].dtype == "float32"
    assert found.facts()["source"] == "beats.npz"


def test_physical_ranges_clip():
    found = read_calibration(beats(50), BEAT, None, {"rr": (0, 3)})
    assert found.inputs["rr"].max() == 3
    assert found.inputs["ecg"].min() < 0


def test_a_folder_holds_an_example_a_file(tmp_path):
    random = np.random.default_rng(0)
    np.save(tmp_path / "b.npy", random.normal(size=(8, 8, 3)))
    Image.new("RGB", (16, 16), (10, 20, 30)).save(tmp_path / "a.png")
    (tmp_path / "notes.txt").write_text("not an example")
    found = read_calibration(tmp_path, PICTURE, None, {})
    assert found.inputs["picture"].shape == (2, 8, 8, 3)
    assert found.inputs["picture"][0, 0, 0].tolist() == [10, 20, 30]


def test_a_folder_for_two_inputs_holds_npz_files(tmp_path):
    given = beats(3)
    for number in range(3):
        np.savez(tmp_path / f"{number}.npz", ecg=given["ecg"][number], rr=given["rr"][number])
    np.testing.assert_allclose(read_calibration(tmp_path, BEAT, None, {}).inputs["rr"], given["rr"], rtol=1e-6)


def test_all_examples_for_parity_are_taken(tmp_path):
    np.savez(tmp_path / "given.npz", **beats(500))
    assert len(read_examples(tmp_path / "given.npz", BEAT)["ecg"]) == 500


def without(name: str) -> dict:
    arrays = beats(5)
    del arrays[name]
    return arrays


def with_nan() -> dict:
    arrays = beats(5)
    arrays["ecg"][3, 2, 0] = np.nan
    return arrays


REFUSED = {
    "a missing input": (without("rr"), BEAT, "lacks an input: `rr`"),
    "an unknown input": ({**beats(5), "rrr": np.ones(5)}, BEAT, "unknown input: `rrr`"),
    "another shape": (
        {**beats(5), "ecg": np.ones((5, 7, 1))},
        BEAT,
        r"example 0 of `ecg` has the wrong shape: found \(7, 1\)",
    ),
    "another number": ({**beats(5), "rr": np.ones((4, 4))}, BEAT, "same number of examples .* `ecg` 5, `rr` 4"),
    "no examples": (beats(0), BEAT, "at least one"),
    "NaN": (with_nan(), BEAT, "example 3 of `ecg` holds NaN or infinity"),
    "words": ({**beats(5), "rr": np.full((5, 4), "a")}, BEAT, "example 0 of `rr` has the wrong type"),
    "fractions of tokens": ({"tokens": np.full((3, 5), 0.5)}, TOKENS, "example 0 of `tokens` has the wrong type"),
    "tokens beyond int32": ({"tokens": np.full((3, 5), 2**40)}, TOKENS, "a number that int32 cannot"),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("as_file", [False, True], ids=["arrays", "npz"])
def test_what_does_not_fit_is_refused(case, as_file, tmp_path):
    arrays, specs, message = REFUSED[case]
    if as_file:
        np.savez(tmp_path / "given.npz", **arrays)
    for read in (lambda given: read_calibration(given, specs, None, {}), lambda given: read_examples(given, specs)):
        with pytest.raises(InputError, match=message):
            read(tmp_path / "given.npz" if as_file else arrays)


def test_one_input_needs_no_name(tmp_path):
    rr = beats(5)["rr"]
    np.save(tmp_path / "a.npy", rr)
    np.savez(tmp_path / "a.npz", rr)
    for source in (rr, rr.tolist(), tmp_path / "a.npy", tmp_path / "a.npz"):
        for found in (read_calibration(source, RR, None, {}).inputs, read_examples(source, RR)):
            assert np.array_equal(found["rr"], rr.astype(np.float32))


@pytest.mark.parametrize("read", [read_examples, lambda given, specs: read_calibration(given, specs, None, {})])
def test_one_array_is_not_two_inputs(read, tmp_path):
    with pytest.raises(InputError, match="found one ndarray for 2 inputs, `ecg`, `rr`"):
        read(beats(5)["rr"], BEAT)
    np.save(tmp_path / "a.npy", beats(5)["rr"])
    with pytest.raises(InputError, match=r"a\.npy` names an unknown input: `arr_0`"):
        read(tmp_path / "a.npy", BEAT)
    with pytest.raises(InputError, match="is no array"):
        read([[1], [2, 3]], RR)


def test_files_that_are_none_are_refused(tmp_path):
    (tmp_path / "torn.npz").write_bytes(b"PK\x03\x04 and no more")
    np.savez(tmp_path / "objects.npz", ecg=np.array([{}, {}], dtype=object), rr=np.ones((2, 4)))
    (tmp_path / "empty").mkdir()
    for source, message in {
        tmp_path / "torn.npz": r"is not a whole `\.npz` file",
        tmp_path / "objects.npz": "cannot be read: Object arrays",
        tmp_path / "empty": "holds no examples",
        tmp_path / "nothing": "nothing to calibrate on",
        "digitz": r"nothing to calibrate on: `digitz`",
    }.items():
        with pytest.raises(InputError, match=message):
            read_calibration(source, BEAT, None, {})
    with pytest.raises(InputError, match=r"not an `\.npz` file"):
        read_examples(tmp_path / "empty", BEAT)


def test_no_calibration_names_all_ways_to_give_some():
    with pytest.raises(InputError, match="need calibration: found none") as caught:
        read_calibration(None, BEAT, None, {})
    assert "--calibrate" in caught.value.hint
