"""A `.csv` of a user's own: which column is what, splits and groups, and every way in which it is none."""

import csv

import numpy as np
import pytest
from own_files import write_pictures, write_sound

from zoo.data import get_data
from zoo.errors import DataError


@pytest.fixture
def write(tmp_path):
    """A function that writes rows under a header and gives the path of the table."""

    def write(header: str, *rows, name: str = "table.csv"):
        path = tmp_path / name
        with path.open("w", newline="", encoding="utf-8") as file:
            file.write(f"{header}\n" if header else "")
            csv.writer(file).writerows(rows)
        return path

    return write


def flowers(count: int) -> list[tuple]:
    """Rows of two numbers and a class that they tell."""
    random = np.random.default_rng(0)
    return [(place + random.random(), 3 * random.random(), ("aster", "rose")[place % 2]) for place in range(count)]


def test_a_table_of_numbers_is_features(write):
    rows = flowers(40)
    data = get_data(write("Width, height [cm] ,CLASS", *rows))
    assert data.inputs == {"features": {"kind": "features", "shape": (2,), "dtype": "float32"}}
    assert data.labels == ("aster", "rose")
    assert data.counts == {"train": 28, "validation": 6, "test": 6}
    splits = [data.load(split) for split in data.counts]
    told = {
        (*features, data.labels[label])
        for each in splits
        for features, label in zip(each.inputs["features"].tolist(), each.targets["logits"], strict=True)
    }
    assert told == {(float(np.float32(a)), float(np.float32(b)), name) for a, b, name in rows}


def test_files_with_values_in_units(write, tmp_path):
    write_pictures(tmp_path / "fish", 10)
    names = [path.relative_to(tmp_path) for path in sorted(tmp_path.glob("fish/*/*"))]
    data = get_data(write("file,length [cm]", *((name, number / 2) for number, name in enumerate(names))))
    [target] = data.targets.items()
    assert target[0] == "value"
    assert (target[1].kind, target[1].unit, target[1].shape) == ("value", "cm", ())
    assert data.load("train").targets["value"].dtype == np.float32
    assert sum(data.counts.values()) == 30
    both = get_data(write("image,value: width [m],value: height [m],remark", *((name, 1, 2, "?") for name in names)))
    assert (both.targets["value"].names, both.targets["value"].shape) == (("width", "height"), (2,))
    assert both.targets["value"].unit == "m"
    assert both.notes == ("columns of no use here: `remark`",)


def test_splits_and_groups_are_those_of_the_table(write):
    rows = [(*row, ("train", "train", "val", "test")[place % 4]) for place, row in enumerate(flowers(40))]
    rows = [(*row[:2], "ab"[place // 4 % 2], row[3]) for place, row in enumerate(rows)]
    data = get_data(write("a,b,class,split", *rows))
    assert data.counts == {"train": 20, "validation": 10, "test": 10}

    rows = [(*row, f"patient {place // 4}") for place, row in enumerate(flowers(80))]
    data = get_data(write("a,b,class,group", *rows))
    assert data.group_name == "group"
    groups = [set(data.load(split).groups.tolist()) for split in data.counts]
    assert sum(map(len, groups)) == len(set.union(*groups)) == 20
    assert all(groups)


def test_texts_have_the_words_of_train(write, tmp_path):
    names = [write_sound(tmp_path / f"{number}.wav", pitch=1 + number / 10).name for number in range(8)]
    splits = ["train"] * 4 + ["validation"] * 2 + ["test"] * 2
    texts = ["one two"] * 4 + ["two three"] * 4
    data = get_data(write("sound,text,split", *zip(names, texts, splits, strict=True)))
    assert data.targets["text"].kind == "text"
    assert data.load("train").targets["text"][0] == ("one two",)
    assert data.vocabularies["text"]["tokens"] == ["<pad>", "<start>", "<end>", "<unknown>", "one", "two"]
    assert data.inputs["wave"]["rate"] == 8000


def test_a_listed_file_that_cannot_be_read_is_named(write, tmp_path):
    write_pictures(tmp_path, 6, classes=("a", "b"))
    (tmp_path / "a" / "000.png").write_text("no picture")
    rows = [(path.relative_to(tmp_path), path.parent.name) for path in sorted(tmp_path.glob("*/*.png"))]
    data = get_data(write("file,label", *rows))
    assert sum(data.counts.values()) == 11
    assert data.notes[0].startswith("1 file was left out: `a/000.png` is no picture that can be read")


BROKEN = {
    "nothing": ("", [], "is empty: expected a header"),
    "no header": ("", [(1.5, 2.5, "a")], "has no header: found `1.5,2.5,a`, expected names of columns"),
    "a header alone": ("a,class", [], "has a header and no rows"),
    "no target": ("a,b", [(1, 2)], "has no column to answer: found `a`, `b`, expected `class`, `value` or `text`"),
    "no input": ("class,remark", [("x", "?"), ("y", "?")], "has nothing to learn from"),
    "a missing file": (
        "file,class",
        [("no.png", "x"), ("no.png", "y")],
        "row 2, column `file`: the file `no.png` does",
    ),
    "a file elsewhere": ("file,class", [("../no.png", "x")], "row 2, column `file` leaves the folder of the table"),
    "an absolute file": ("file,class", [("/etc/hosts", "x")], "leaves the folder of the table: found `/etc/hosts`"),
    "an unknown split": ("a,class,split", [(1, "x", "training")], "is no split: found `training`, expected train"),
    "an empty class": ("a,class", [(1, "x"), (2, "")], "row 3, column `class` is empty: expected a class"),
    "one class": ("a,class", [(1, "x"), (2, "x")], "has one class, `x`: expected two or more"),
    "a rare class": (
        "a,class",
        [*((place, "xy"[place % 2]) for place in range(8)), (1, "rare")],
        "the class `rare` has 1 example to train on",
    ),
    "no number": ("a,class", [(1, "x"), ("n/a", "y")], "row 3, column `a` is no number: found `n/a`"),
    "NaN": ("a,value", [(1, 2), (2, "nan")], "row 3, column `value` is no number: found `nan`"),
    "too few": ("a,value", [(1, 2), (2, 3)], "has too few examples to draw validation from: found 2 that are indep"),
    "a short row": ("a,b,class", [(1, 2, "x"), (1, 2)], "row 3 has 2 cells, expected 3 as in the header"),
    "semicolons": ("a;class", [("1;x",)], "has one column, `a;class`: expected cells that are parted by commas"),
    "a name twice": ("a,A,class", [(1, 2, "x")], "has two columns of the name `a`"),
    "two classes": ("a,class,label", [(1, "x", "y")], "has 2 columns of one meaning: found `class`, `label`"),
    "a torn group": (
        "a,class,group,split",
        [(1, "x", "g", "train"), (2, "y", "g", "test")],
        "the group `g` stands in train and in test: expected one split",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_tables_that_are_no_data_set_are_a_sentence(write, fault):
    header, rows, words = BROKEN[fault]
    path = write(header, *rows)
    with pytest.raises(DataError) as error:
        get_data(path)
    assert words in error.value.message
    assert str(path) in error.value.message


def test_bytes_that_are_no_text_are_a_sentence(tmp_path):
    (tmp_path / "table.csv").write_bytes(b"a,class\n\xff\xfe,x\n")
    with pytest.raises(DataError, match="is not a CSV file"):
        get_data(tmp_path / "table.csv")
