"""Functions of TensorFlow whose arguments Keras 3 wants in another form, each by a few lines of its own.

Each takes what was given by place and by name, and returns the module of Keras's operation, its class, its settings and
the arguments of its call.
"""

from collections.abc import Callable, Mapping

_NUMPY = "keras.src.ops.numpy"
Said = tuple[str, str, dict, list]


class UnsayableError(Exception):
    """What cannot be said in Keras 3; its text ends a sentence that begins with the call."""


def _getitem(positional: list, named: Mapping) -> Said:
    spec = named.get("slice_spec")
    key = [_slice(each) for each in spec] if isinstance(spec, list) else [_slice(spec)]
    return _NUMPY, "GetItem", {}, [positional[0], key]


def _slice(part: object) -> object:
    if part is None or isinstance(part, int):
        return part
    if isinstance(part, dict) and set(part) == {"start", "stop", "step"}:
        if not all(each is None or isinstance(each, int) for each in part.values()):
            raise UnsayableError("with a bound that is computed in the model")
        return {"class_name": "__slice__", "config": dict(part)}
    if isinstance(part, dict) and part.get("class_name") in ("__ellipsis__", "Ellipsis"):
        return {"class_name": "__ellipsis__", "config": {}}
    raise UnsayableError(f"with the index `{part!r:.60}`")


def _matmul(positional: list, named: Mapping) -> Said:
    a, b = positional[0], named.get("b")
    first = "...ji" if named.get("transpose_a") else "...ij"
    second = "...kj" if named.get("transpose_b") else "...jk"
    others = {
        key: value for key, value in named.items() if key not in ("b", "transpose_a", "transpose_b", "name") and value
    }
    if b is None or others:
        raise UnsayableError(f"with {others or 'one tensor'}")
    if (first, second) == ("...ij", "...jk"):
        return _NUMPY, "Matmul", {}, [a, b]
    return _NUMPY, "Einsum", {"subscripts": f"{first},{second}->...ik"}, [a, b]


def _split(positional: list, named: Mapping) -> Said:
    sizes = named.get("num_or_size_splits")
    if isinstance(sizes, list):
        if not all(isinstance(size, int) and size >= 0 for size in sizes):
            raise UnsayableError(f"into parts of {sizes}")
        sizes = [sum(sizes[: end + 1]) for end in range(len(sizes) - 1)]
    return _NUMPY, "Split", {"indices_or_sections": sizes, "axis": named.get("axis", 0)}, positional


def _squeeze(positional: list, named: Mapping) -> Said:
    axis = named.get("axis")
    return _NUMPY, "Squeeze", {"axis": axis[0] if isinstance(axis, list) and len(axis) == 1 else axis}, positional


def _pad(positional: list, named: Mapping) -> Said:
    mode = str(named.get("mode", "constant")).lower()
    if named.get("constant_values", 0) != 0:
        raise UnsayableError("with a constant that is not zero")
    return _NUMPY, "Pad", {"pad_width": named.get("paddings"), "mode": mode}, positional


def _l2_normalize(positional: list, named: Mapping) -> Said:
    # Keras bounds the norm from below by epsilon, TensorFlow the square of the norm.
    epsilon = float(named.get("epsilon", 1e-12)) ** 0.5
    return "keras.src.ops.nn", "Normalize", {"axis": named.get("axis", -1), "order": 2, "epsilon": epsilon}, positional


def _resize(positional: list, named: Mapping) -> Said:
    method, others = str(named.get("method", "bilinear")).lower(), set(named) - {"size", "method", "name", "images"}
    if any(named[key] for key in others) or method not in ("bilinear", "nearest"):
        raise UnsayableError(f"by the method `{method}` with {sorted(others)}")
    settings = {"size": named.get("size"), "interpolation": method, "data_format": "channels_last"}
    return "keras.src.ops.image", "Resize", settings, positional


SPECIAL: dict[str, Callable[[list, Mapping], Said]] = {
    "getitem": _getitem,
    "matmul": _matmul,
    "split": _split,
    "squeeze": _squeeze,
    "pad": _pad,
    "l2_normalize": _l2_normalize,
    "resize": _resize,
}
"""By the last part of TensorFlow's name of a function."""
