"""Arrays and tables become what an input takes, or a sentence."""

import csv
import io
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from zoo.errors import InputError
from zoo.runtime.reading.arrays import InputSpec, fit_array, read_csv, read_npy, read_npz

BEAT = InputSpec("ecg", (1, 6, 1), "float32", "signal")
TABLE = InputSpec("table", (1, 3, 2), "float32", "array")
TOKENS = InputSpec("tokens", (1, 4), "int32", "tokens", range=(0, 2**30))
VALUES = np.arange(6, dtype=np.float32) / 4


@pytest.mark.parametrize("shape", [(6,), (6, 1), (1, 6), (1, 6, 1)])
@pytest.mark.parametrize("dtype", [np.float64, np.float16, np.int8, ">f4"])
def test_axes_of_one_and_types_are_made_to_fit(shape, dtype):
    found = fit_array(np.arange(6).reshape(shape).astype(dtype), BEAT, "x")
    assert found.shape == (1, 6, 1)
    assert found.dtype == np.float32
    assert found.ravel().tolist() == [0, 1, 2, 3, 4, 5]


WRONG = {
    "length": (np.zeros(5), BEAT, r"wrong shape: found \(5,\), input `ecg` takes \(6, 1\)"),
    "turned": (np.zeros((2, 3)), TABLE, r"found \(2, 3\), input `table` takes \(3, 2\)"),
    "flat": (np.zeros(6), TABLE, r"found \(6,\)"),
    "text": (np.array(["a"] * 6), BEAT, r"wrong type: found <U1 \(no numbers\), input `ecg` takes float32"),
    "objects": (np.array([None] * 6), BEAT, r"found object \(no numbers\)"),
    "complex": (np.zeros(6, complex), BEAT, r"found complex128 \(complex numbers\)"),
    "fractions for tokens": (np.zeros(4), TOKENS, r"found float64 \(numbers\), input `tokens` takes int32 \(whole"),
    "NaN": (np.array([0, 1, np.nan, 3, np.nan, 5]), BEAT, r"found 2 such numbers, the first at index \(2,\)"),
    "infinity": (np.array([0, -np.inf, 2, 3, 4, 5]), BEAT, r"found 1 such numbers, the first at index \(1,\)"),
    "beyond float32": (np.full(6, 1e300), BEAT, "holds a number that float32 cannot"),
    "beyond the vocabulary": (
        np.array([1, 2**30 + 1, 3, 4]),
        TOKENS,
        "the number 1073741825: .* takes 0 to",
    ),
    "below it": (np.array([1, 2, -3, 4]), TOKENS, "holds the number -3"),
    "beyond int32": (np.full(4, 2**31), TOKENS, "holds a number that int32 cannot"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_array_is_refused(tmp_path, case):
    """In memory, as `.npy` and as `.npz`: with the same words."""
    array, spec, message = WRONG[case]
    with pytest.raises(InputError, match=message):
        fit_array(array, spec, "the array")
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    with pytest.raises(InputError, match=message):
        read_npy(tmp_path / "a.npy", spec)
    np.savez_compressed(tmp_path / "a.npz", allow_pickle=True, **{spec.name: array})
    with pytest.raises(InputError, match=message):
        read_npz(tmp_path / "a.npz", {spec.name: spec})


def test_files_hold_what_was_saved(tmp_path):
    np.save(tmp_path / "a.npy", np.asfortranarray(VALUES.reshape(3, 2)))
    assert np.array_equal(read_npy(tmp_path / "a.npy", TABLE)[0], VALUES.reshape(3, 2))
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "a.npz", ecg=VALUES, tokens=np.arange(4))
        found = read_npz(tmp_path / "a.npz", {"ecg": BEAT, "tokens": TOKENS})
        assert np.array_equal(found["ecg"].ravel(), VALUES)
        assert found["tokens"].dtype == np.int32


def test_an_npz_is_keyed_by_the_inputs(tmp_path):
    np.savez(tmp_path / "a.npz", eck=VALUES)
    with pytest.raises(InputError, match="names an unknown input: `eck`; expected `ecg`") as caught:
        read_npz(tmp_path / "a.npz", {"ecg": BEAT})
    assert caught.value.hint == "did you mean `ecg`?"
    np.savez(tmp_path / "a.npz", ecg=VALUES)
    with pytest.raises(InputError, match="lacks an input: `tokens`; expected `ecg`, `tokens`"):
        read_npz(tmp_path / "a.npz", {"ecg": BEAT, "tokens": TOKENS})


def test_a_header_that_promises_too_much_is_not_followed(tmp_path):
    """A few bytes that unpack to terabytes: the shape is compared before anything is unpacked."""
    header = io.BytesIO()
    facts = {"descr": "<f8", "fortran_order": False, "shape": (10**12,)}
    np.lib.format.write_array_header_1_0(header, facts)
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ecg.npy", header.getvalue() + bytes(10**6))
    with pytest.raises(InputError, match=r"wrong shape: found \(1000000000000,\)"):
        read_npz(tmp_path / "a.npz", {"ecg": BEAT})


def test_a_later_version_of_the_format_is_refused(tmp_path):
    """Its headers may be gigabytes long; NumPy writes it for tables of records alone."""
    with (tmp_path / "a.npy").open("wb") as file:
        np.lib.format.write_array(file, VALUES, version=(2, 0))
    with pytest.raises(InputError, match=r"is not a whole \.npy array: found version 2\.0, expected 1\.0"):
        read_npy(tmp_path / "a.npy", BEAT)


CSV = {
    "a column": "0\n0.25\n0.5\n0.75\n1\n1.25\n",
    "a row": "0,0.25,0.5,0.75,1,1.25",
    "with a header": "volt\r\n0\r\n0.25\r\n0.5\r\n0.75\r\n1\r\n1.25",
    "with blanks and empty lines": " 0, 0.25 ,0.5,7.5e-1,1,+1.25\n\n",
    "with quotes": '"0","0.25","0.5","0.75","1","1.25"\n',
    "with a byte order mark": "\ufeff0,0.25,0.5,0.75,1,1.25",
}


@pytest.mark.parametrize("case", CSV)
def test_a_vector_is_a_row_or_a_column(tmp_path, case):
    (tmp_path / "a.csv").write_text(CSV[case], "utf-8", newline="")
    assert np.array_equal(read_csv(tmp_path / "a.csv", BEAT).ravel(), VALUES)


def test_whole_numbers_of_a_table_are_tokens(tmp_path):
    (tmp_path / "a.csv").write_text("7,8,9,0")
    assert read_csv(tmp_path / "a.csv", TOKENS).tolist() == [[7, 8, 9, 0]]
    (tmp_path / "a.csv").write_text("7,8.5,9,0")
    with pytest.raises(InputError, match="input `tokens` takes int32"):
        read_csv(tmp_path / "a.csv", TOKENS)


WRONG_CSV = {
    "text in a cell": ("a,b\n1,2\n3,x\n5,6", "row 3, column 2 is no number: found `x`"),
    "an empty cell": ("1,2\n3,\n5,6", "row 2, column 2 is no number: found an empty cell"),
    "a short row": ("1,2\n3\n5,6", "row 2 has 1 cells, expected 2 as in the first"),
    "NaN": ("1,2\n3,nan\n5,6", "row 2, column 2 is not finite: found `nan`"),
    "infinity": ("1,2\n3,4\n-inf,6", "row 3, column 1 is not finite: found `-inf`"),
    "other marks": ("1;2\n3;4\n5;6", "row 2, column 1 is no number: found `3;4`"),
    "Python's own": ("1,2\n3,4\n5,6_0", "row 3, column 2 is no number: found `6_0`"),
    "a second header": ("a,b\na,b\n1,2", "row 2, column 1 is no number: found `a`"),
    "wrong shape": ("1,2,3\n4,5,6", r"wrong shape: found \(2, 3\), input `table` takes \(3, 2\)"),
    "only a header": ("a,b\n", "holds no numbers"),
    "nothing": ("", "holds no numbers"),
    "no text": ("\udcff\udcfe", "is not a CSV file"),
    "too much": ("1," * 100_000, "is too large for input `table`, which takes .*: found 200,000 bytes"),
}


@pytest.mark.parametrize("case", WRONG_CSV)
def test_a_wrong_table_is_refused(tmp_path, case):
    text, message = WRONG_CSV[case]
    (tmp_path / "a.csv").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match=message) as caught:
        read_csv(tmp_path / "a.csv", TABLE)
    assert str(tmp_path / "a.csv") in caught.value.message


finite = st.floats(allow_nan=False, allow_infinity=False, width=32)
tables = arrays.arrays(np.float32, st.tuples(st.integers(1, 5), st.integers(1, 5)), elements=finite)


@given(tables, st.booleans())
def test_every_table_is_read_as_it_was_written(tmp_path_factory, table, header):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([["c"] * table.shape[1]] * header + table.tolist())
    found = read_csv(path, InputSpec("x", (1, *table.shape), "float32", "array"))
    assert np.array_equal(found[0], table)


@pytest.mark.parametrize("text", ["1;2\n3;4\n", "1,5;2,5\n", "1 2\n"])
def test_other_ways_to_part_cells_get_a_hint(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(InputError) as caught:
        read_csv(tmp_path / "a.csv", TABLE)
    assert caught.value.hint == "cells are parted by commas, decimals by a point"
