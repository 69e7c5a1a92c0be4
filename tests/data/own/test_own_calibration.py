"""`--calibrate PATH`: the train split of a user's own data, as the model takes it."""

import numpy as np
import pytest
from own_files import write_pictures

from zoo.data import get_data
from zoo.errors import InputError
from zoo.export.intake.calibration import read_calibration
from zoo.runtime.reading.arrays import InputSpec

PICTURE = {"picture": InputSpec("picture", (1, 6, 6, 1), "float32", "array")}
FEATURES = {"x1": InputSpec("x1", (1, 3), "float32", "features")}


def test_a_folder_of_classes_is_fitted_to_the_model(tmp_path):
    found = read_calibration(write_pictures(tmp_path / "pictures"), PICTURE, None, {})
    train = get_data(tmp_path / "pictures").fitted({"picture": (6, 6, 1)}).load("train")
    np.testing.assert_array_equal(found.inputs["picture"], train.inputs["picture"].astype("float32"))
    assert found.facts() == {"source": "pictures train", "examples": 18, "of": 18, "seed": 0}


@pytest.mark.parametrize("name", ["numbers.csv", "numbers.npz"])
def test_tables_and_archives_with_targets_are_taken(tmp_path, name):
    x, y = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32), np.arange(40) % 2
    if name.endswith(".csv"):
        rows = [f"{a!r},{b!r},{c!r},{label}" for (a, b, c), label in zip(x.tolist(), y, strict=True)]
        (tmp_path / name).write_text("\n".join(["a,b,c,class", *rows]))
    else:
        np.savez(tmp_path / name, x=x, y=y)
    found = read_calibration(tmp_path / name, FEATURES, None, {})
    train = get_data(tmp_path / name).load("train").inputs["features"]
    np.testing.assert_array_equal(found.inputs["x1"], train)
    assert found.facts()["source"] == "numbers train"


def test_data_of_another_kind_are_a_sentence(tmp_path):
    write_pictures(tmp_path / "pictures")
    with pytest.raises(InputError, match=r"data set `pictures`.* `x1`|`pictures`.*wrong shape"):
        read_calibration(tmp_path / "pictures", FEATURES, None, {})
