"""The examples on which int8 ranges are measured, and those that a user gives for parity: named arrays, checked.

Calibration reads a data set's train split, an `.npz` file or a folder of files as `zoo predict` reads them; never the
test split, which judges the result.
"""

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from zoo.data import DataSet, get_data, list_data
from zoo.errors import InputError, nearest
from zoo.runtime.reading.arrays import BROKEN_ARCHIVE, InputSpec, by_input, check_names, fit_array
from zoo.runtime.reading.inputs import read_inputs, readable_files
from zoo.runtime.reading.readers import suffixes

_BY_NAME = "give arrays by input name, `{name: (n, ...)}`, or the path of an `.npz`"
COUNT = 300
SEED = 0

Specs = Mapping[str, InputSpec]
Ranges = Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Calibration:
    """Examples that the ranges of int8 are measured on."""

    inputs: Mapping[str, np.ndarray]
    """By input name, (n, ...)."""
    source: str
    """Where they are from, as the card says it."""
    of: int
    """How many there were to choose from."""

    @property
    def examples(self) -> int:
        return len(next(iter(self.inputs.values())))

    def facts(self) -> dict:
        """The card's block: with it and `chosen`, anybody can name every example that was used."""
        return {"source": self.source, "examples": self.examples, "of": self.of, "seed": SEED}


def chosen(total: int, count: int = COUNT, seed: int = SEED) -> np.ndarray:
    """Which of `total` examples calibrate: all, or `count` that are drawn without repetition, in their own order."""
    if total <= count:
        return np.arange(total)
    return np.sort(np.random.default_rng(seed).choice(total, count, replace=False))


def read_calibration(source: object, specs: Specs, data: DataSet | None, ranges: Ranges) -> Calibration:
    """Reads calibration examples.

    Args:
        source: the name of a data set, the path of an `.npz`, of a folder or of data of one's own (see `zoo.data.own`),
            or arrays by input name; None: `data`.
        specs: the model's inputs by name, batch 1.
        data: what the model was trained on.
        ranges: by input name, the lowest and highest value that is physically sensible; others are clipped to it.

    Raises:
        InputError: there is none, or it does not fit the inputs.
        DataError: the data set is not prepared.
    """
    source = _named(source, specs, "calibration")
    if isinstance(source, Mapping):
        found = _chosen_of(source, specs, "calibration", "arrays")
    elif source is None and data is None:
        raise InputError(
            "the targets `int8` and `int16x8` need calibration: found none",
            "`--calibrate` takes a data set (`zoo data list`), an `.npz` keyed by input name, or a folder of examples",
        )
    elif source is None or str(source) in list_data():
        found = _of_data(data if source is None else get_data(str(source)), specs)
    elif _is_data_set(Path(source), specs):
        shapes = {name: spec.example for name, spec in specs.items()}
        said = {name: {"kind": spec.kind, "fit": spec.fit, "of": spec.counts} for name, spec in specs.items()}
        found = _of_data(get_data(source).fitted(shapes, said), specs)
    else:
        found = _of_path(Path(source), specs)
    clipped = {name: np.clip(found.inputs[name], *limits) for name, limits in ranges.items() if name in found.inputs}
    return replace(found, inputs={**found.inputs, **clipped})


def read_examples(source: object, specs: Specs, beside: Collection[str] = ()) -> dict[str, np.ndarray]:
    """Examples for parity: an `.npz` file, or arrays, by input name, each (n, ...); all of them, as given.

    Args:
        source: the file or arrays.
        specs: the model's inputs by name, batch 1.
        beside: names of arrays that may stand there too, for others to read.

    Raises:
        InputError: they do not fit the inputs.
    """
    source = _named(source, specs, "examples")
    if isinstance(source, Mapping):
        return _fitted(source, specs, "examples", beside)
    path = Path(source)
    with opened(path) as arrays:
        return _fitted(arrays, specs, f"`{path}`", beside)


def _named(source: object, specs: Specs, where: str) -> object:
    """An array without a name is that of the one input."""
    if source is None or isinstance(source, str | os.PathLike | Mapping):
        return source
    if len(specs) != 1:
        names = ", ".join(f"`{name}`" for name in specs)
        raise InputError(f"{where}: found one {type(source).__name__} for {len(specs)} inputs, {names}", _BY_NAME)
    try:
        return dict.fromkeys(specs, np.asarray(source))
    except ValueError as error:
        raise InputError(f"{where} is no array: {error}", _BY_NAME) from None


def _of_data(data: DataSet, specs: Specs) -> Calibration:
    train, where = data.load("train"), f"data set `{data.name}`"
    columns = {name: column for name, column in train.inputs.items() if name in specs}
    check_names(list(columns), specs, where)
    rows = chosen(len(train))  # what is chosen may be all that fits into memory
    _, loaded = _loaded({name: column[rows] for name, column in columns.items()}, specs, where)
    return Calibration(_rows(loaded, np.arange(len(rows)), specs, where), f"{data.name} train", len(train))


def _is_data_set(path: Path, specs: Specs) -> bool:
    """Whether a path holds examples with what they are to be answered by, as recipes take them."""
    if path.is_dir():
        return any(each.is_dir() for each in path.iterdir()) and not any(
            each.suffix.lower() in suffixes(["array"]) for each in path.iterdir()
        )
    if path.suffix == ".npz" and path.is_file():
        with opened(path) as arrays:
            names = set(arrays)
        return not names & set(specs) and bool({"y", "y_train", "label", "labels", "value", "target"} & names)
    return path.suffix == ".csv" and path.is_file()


def _of_path(path: Path, specs: Specs) -> Calibration:
    if path.is_dir():
        return _of_folder(path, specs)
    if path.suffix not in (".npz", ".npy") or not path.is_file():
        close = ", ".join(f"`{name}`" for name in nearest(str(path), list_data()))
        raise InputError(
            f"nothing to calibrate on: `{path}`; expected a data set, an `.npz` file or a folder",
            f"the nearest data sets are {close}",
        )
    with opened(path) as arrays:
        return _chosen_of(arrays, specs, f"`{path}`", path.name)


def _of_folder(folder: Path, specs: Specs) -> Calibration:
    """A file an example, in the order of their names; where there are several inputs, an `.npz` each."""
    files = readable_files(folder)
    read = [read_inputs(files[index], specs) for index in chosen(len(files))]
    return Calibration(
        {name: np.concatenate([example[name] for example in read]) for name in specs}, f"{folder.name}/", len(files)
    )


@contextmanager
def opened(path: Path) -> Iterator[Mapping[str, np.ndarray]]:
    """The arrays of an `.npz` file, each read when it is asked for, or the one of an `.npy`."""
    if path.suffix not in (".npz", ".npy") or not path.is_file():
        raise InputError(
            f"not an `.npz` file: `{path}`", "`numpy.savez(path, **arrays)` writes one, keyed by input name"
        )
    with path.open("rb") as stream:
        try:
            arrays = np.load(stream, allow_pickle=False)
        except BROKEN_ARCHIVE as error:
            raise InputError(f"`{path}` is not a whole `.npz` file: {error}") from None
        yield arrays if isinstance(arrays, np.lib.npyio.NpzFile) else {"arr_0": arrays}


def _chosen_of(arrays: Mapping[str, np.ndarray], specs: Specs, where: str, source: str) -> Calibration:
    total, loaded = _loaded(arrays, specs, where)
    rows = chosen(total)
    return Calibration(_rows(loaded, rows, specs, where), source, total)


def _fitted(
    arrays: Mapping[str, np.ndarray], specs: Specs, where: str, beside: Collection[str]
) -> dict[str, np.ndarray]:
    total, loaded = _loaded(arrays, specs, where, set(beside) - specs.keys())
    return _rows(loaded, np.arange(total), specs, where)


def _loaded(
    arrays: Mapping[str, np.ndarray], specs: Specs, where: str, beside: Collection[str] = ()
) -> tuple[int, dict[str, np.ndarray]]:
    """How many examples there are, and the arrays by name; names must be those of the inputs."""
    arrays = by_input(arrays, specs)
    check_names([name for name in arrays if name not in beside], specs, where)
    try:
        loaded = {name: np.asarray(arrays[name]) for name in specs}
    except BROKEN_ARCHIVE as error:
        raise InputError(f"{where} cannot be read: {error}") from None
    counts = {name: len(array) if array.ndim else 0 for name, array in loaded.items()}
    if len(set(counts.values())) != 1 or not min(counts.values()):
        found = ", ".join(f"`{name}` {count}" for name, count in counts.items())
        raise InputError(f"{where} must hold the same number of examples of every input, at least one: found {found}")
    return next(iter(counts.values())), loaded


def _rows(arrays: Mapping[str, np.ndarray], rows: np.ndarray, specs: Specs, where: str) -> dict[str, np.ndarray]:
    return {
        name: np.concatenate(
            [fit_array(arrays[name][row], spec, f"{where}: example {row} of `{name}`") for row in rows]
        )
        for name, spec in specs.items()
    }
