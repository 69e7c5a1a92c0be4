"""What the TFLite converter says when it refuses a model: read for its operator and place, the rest shown to nobody."""

from __future__ import annotations

import re
from collections.abc import Callable

from zoo.errors import ConversionError
from zoo.export.blame import titled

_LAYERED = re.compile(r'fused\["(\w+):", "([^"@]+)@')
_NAMED = re.compile(r"'tf\.(\w+)' op")
_CALLS = ("PartitionedCall", "StatefulPartitionedCall")
_LONGEST = 200

_ALGEBRA = "matrix algebra is done outside of the model, or when it is built where it depends on weights alone"
_TEXT = "export the model behind it, with whole numbers as input"
_COUNTS = "`ops.sum(ops.one_hot(x, n), axis=1)` counts"
_SHAPE = "a shape may not depend on values: `ops.where(condition, x, 0)` keeps it"
_FOURIER = "`keras.ops.rfft`, `irfft`, `fft` and `stft` of up to 1,024 samples are lowered"
INSTEAD = {
    "AsString": _TEXT,
    "Bincount": _COUNTS,
    "Cholesky": _ALGEBRA,
    "Complex": _FOURIER,
    "Conv2DBackpropInput": "a transposed convolution with `dilation_rate=1`",
    "DenseBincount": _COUNTS,
    "Erfinv": "a table or a polynomial of `keras.ops` computes it",
    "ExtractImagePatches": "a convolution whose kernel picks the pixels, or `keras.ops.image.extract_patches`",
    "FFT": _FOURIER,
    "IFFT": _FOURIER,
    "IRFFT": _FOURIER,
    "LeftShift": "a product with a power of two shifts",
    "LookupTableFindV2": _TEXT,
    "LowerBound": "`ops.sum(ops.expand_dims(x, -1) > edges, axis=-1)` finds the place",
    "MatrixDeterminant": _ALGEBRA,
    "MatrixInverse": _ALGEBRA,
    "MatrixSolve": _ALGEBRA,
    "MaxPoolWithArgmax": "a pooling without the places of its maxima, `MaxPooling2D`",
    "Qr": _ALGEBRA,
    "ResizeBicubic": '`interpolation="bilinear"` or `"nearest"`',
    "RightShift": "a quotient by a power of two shifts",
    "SelfAdjointEigV2": _ALGEBRA,
    "SpaceToBatchND": "a convolution over three axes with `dilation_rate=1`",
    "StringToHashBucketFast": _TEXT,
    "Svd": _ALGEBRA,
    "UpperBound": "`ops.sum(ops.expand_dims(x, -1) >= edges, axis=-1)` finds the place",
    "Unpack": _SHAPE,
    "Where": _SHAPE,
}
"""What to write instead of an operator that TFLite has not, by TensorFlow's name of it."""
OTHERWISE = "write it with other `keras.ops`, or export to `saved_model` alone"


class RefusedError(ConversionError):
    """A conversion that the converter refused.

    Args:
        text: what it said.

    Attributes:
        operator: TensorFlow's name of the operator that it stumbled over; None where it did not say.
        nodes: the names in the graph of that operator and of what it lies in, innermost first.
    """

    def __init__(self, text: str):
        places = _LAYERED.findall(text)
        named = [kind for kind, _ in places if kind not in _CALLS] + _NAMED.findall(text)
        self.operator = named[0] if named else None
        self.nodes = tuple(name for _, name in places)
        self.why = f"TFLite has no built-in form of the operator `{self.operator}`" if named else _plain(text)
        super().__init__(f"the TFLite converter refused the model: {self.why}", INSTEAD.get(self.operator, OTHERWISE))

    def of_layer(self, origin: Callable[[str], object | None]) -> ConversionError:
        """The same by the name of the layer, where `origin` knows by the name of a node what layer made it."""
        layer = next((found for node in self.nodes if (found := origin(node)) is not None), None)
        return self if layer is None else ConversionError(f"{titled(layer)} cannot be converted: {self.why}", self.hint)


def _plain(text: str) -> str:
    """A refusal without the places in the converter's own language."""
    said = re.sub(r"loc\(.*?\)+:?|<unknown>:0:|error:", " ", text)
    return " ".join(said.split())[:_LONGEST] or "it does not say why"
