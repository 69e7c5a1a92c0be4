"""Train, validation and test of a user's own data: as given, and drawn by a seed where they are not.

A missing split is drawn from train: 15 % of its examples, of each class alike.  What belongs together, files of the
same bytes and examples of one group, is never parted.
"""

from collections.abc import Sequence

import numpy as np

from zoo.errors import DataError

SPLITS = ("train", "validation", "test")
NAMES = {"train": "train", "validation": "validation", "val": "validation", "valid": "validation", "test": "test"}
"""What a user may call them."""
SHARE = 0.15
SEED = 0


def split(given: Sequence[str] | None, strata: np.ndarray, units: np.ndarray, where: str) -> dict[str, np.ndarray]:
    """Which examples each split has.

    Args:
        given: (n,) the split of each example, of `SPLITS`; None where nobody says.
        strata: (n,) int, such as the class: of each as large a share is drawn.
        units: (n,) int: examples of one number stay together.
        where: what is split, for the message.

    Returns:
        By split its examples, int64, ascending.

    Raises:
        DataError: there are no examples of train, or too few to draw from.
    """
    names = np.array(given if given is not None else ["train"] * len(units), dtype=object)
    missing = [name for name in reversed(SPLITS) if name not in names]
    if "train" in missing:
        raise DataError(f"{where} has no examples of train: found {', '.join(sorted(set(names)))}")
    pool = np.flatnonzero(names == "train")
    names[pool] = _drawn(strata[pool], units[pool], missing)
    rows = {name: np.flatnonzero(names == name) for name in SPLITS}
    if empty := [name for name in SPLITS if not len(rows[name])]:
        count = len(np.unique(units[pool]))
        raise DataError(
            f"{where} has too few examples to draw {' and '.join(empty)} from: found {count} that are independent, "
            f"expected {len(missing) + 1} at least"
        )
    return rows


def together(*columns: Sequence) -> np.ndarray:
    """(n,) int: examples that share a value of any column, or are linked by others that do, have one number.

    None is no value.
    """
    parent = list(range(len(columns[0])))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    for column in columns:
        first: dict = {}
        for place, value in enumerate(column):
            if value is not None:
                parent[root(place)] = root(first.setdefault(value, place))
    return np.array([root(place) for place in range(len(parent))], np.int64)


def _drawn(strata: np.ndarray, units: np.ndarray, missing: Sequence[str]) -> np.ndarray:
    """(n,) what each of these examples of train becomes; some of every stratum stay in train."""
    known, unit, sizes = np.unique(units, return_inverse=True, return_counts=True)
    stratum = _commonest(unit, strata, len(known))
    chosen = np.full(len(known), "train", dtype=object)
    for number in np.unique(stratum):
        members = np.flatnonzero(stratum == number)
        # A counter-based generator: the draw of one class does not hang on how large the others are.
        members = np.random.Generator(np.random.Philox(key=[SEED, int(number)])).permutation(members)
        total, place = sizes[members].sum(), 0
        for name in missing:
            taken, wanted = 0, max(1, round(SHARE * total))
            while taken < wanted and place < len(members) - 1:
                chosen[members[place]] = name
                taken += sizes[members[place]]
                place += 1
    return chosen[unit]


def _commonest(unit: np.ndarray, strata: np.ndarray, count: int) -> np.ndarray:
    """(count,) the stratum that most examples of each unit are of; of equally common ones the first."""
    pairs, counts = np.unique(np.stack([unit, strata]), axis=1, return_counts=True)
    order = np.lexsort((-pairs[1], counts))  # what is written last stays
    commonest = np.zeros(count, np.int64)
    commonest[pairs[0, order]] = pairs[1, order]
    return commonest
