"""From a bundle to answers: reads the input, runs the decode loop on LiteRT, and says what the outputs mean."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from zoo.bundle import TARGETS, Bundle, load_bundle
from zoo.errors import BundleError, InputError, UnknownNameError
from zoo.registry import the_nearest
from zoo.runtime.arrays import InputSpec
from zoo.runtime.decode import Stream, get_loop
from zoo.runtime.inputs import describe, read_inputs
from zoo.runtime.litert import LiteRTRunner, Signature
from zoo.runtime.prediction import Prediction, softmax

_PART, _STEP = "predict", "step"


class Predictor:
    """Answers one input at a time; made by `load`.

        predictor = zoo.runtime.load("resnet8.cifar10")
        print(predictor("cat.png"))

    Threads may share a predictor and its streams: each gets the answer to its own input.  Runs take turns; to use more
    cores, give `threads`, or load a predictor a thread, which costs the memory of each.

    Raises (when made):
        BundleError: the artifact is damaged or is not what the manifest describes, or needs what this version lacks.
        InputError: the artifact takes batches of more than one.
    """

    def __init__(self, bundle: Bundle, target: str, threads: int = 1):
        self.bundle = bundle
        self.target = target
        self._loop = get_loop(bundle.manifest["decode"])
        part = bundle.parts.get(_PART)
        if part is None:
            raise BundleError(
                f"`{bundle.path / 'manifest.json'}` has no part `{_PART}`: found {', '.join(bundle.parts)}"
            )
        self.inputs = {name: InputSpec.of(name, facts) for name, facts in part["inputs"].items()}
        self._outputs = list(part["outputs"])
        self._classes = next((name for name, facts in part["outputs"].items() if facts.get("softmax")), None)
        _check_batch(bundle, self.inputs)
        self.runner = LiteRTRunner(bundle.artifact(target), threads)
        _check_signature(bundle, _PART, part, self.runner)

    def __call__(self, source: object) -> Prediction:
        """The model's answer.

        Args:
            source: a file (PNG, JPEG, WebP, `.npy`, `.npz`, `.csv`, `.wav`) or an array; for a model of several inputs
                an `.npz` keyed by their names, `"ecg=a.csv,rr=b.csv"`, or a mapping of names to files and arrays.

        Raises:
            InputError: the input cannot be read or is not what the model takes.
        """
        return self.answer(describe(source), self._loop(self.runner, read_inputs(source, self.inputs)))

    def stream(self) -> PredictorStream:
        """A new way through time, from its first frame.

        Raises:
            InputError: the bundle has no part `step`.
            BundleError: the artifact is not what the manifest says of that part.
        """
        part = self.bundle.parts.get(_STEP)
        if part is None:
            raise InputError(
                f"`{self.bundle.name}` cannot stream: it has no part `{_STEP}`", "`zoo export --step` makes one"
            )
        _check_signature(self.bundle, _STEP, part, self.runner)
        return PredictorStream(self, part)

    def answer(self, source: str, found: Mapping[str, np.ndarray]) -> Prediction:
        """What outputs mean, by name as the artifact gave them for a source."""
        outputs = {name: found[name] for name in self._outputs}  # in the manifest's order, not the file's
        return Prediction(source, self.bundle.name, self.target, outputs, *self._classify(outputs))

    def _classify(self, outputs: Mapping[str, np.ndarray]) -> tuple[np.ndarray | None, tuple[str, ...] | None]:
        """Probabilities and labels, where the manifest says that an output holds the logits of one choice."""
        logits = outputs.get(self._classes) if self._classes else None
        if logits is None or logits.ndim != 2:
            return None, None
        return softmax(logits)[0], self.bundle.labels


class PredictorStream:
    """Answers while frames come; made by `Predictor.stream`.

    stream = zoo.runtime.load("keywords").stream()
    while True:
        print(stream.feed(microphone(stream.chunk)))
    """

    def __init__(self, predictor: Predictor, part: Mapping):
        self._predictor, self._stream = predictor, Stream(predictor.runner, part)
        self._one_at_a_time = threading.Lock()
        self._inputs = {name: InputSpec.of(name, facts) for name, facts in part["inputs"].items()}
        self._timed = {name for name, facts in part["inputs"].items() if facts.get("time")}

    @property
    def chunk(self) -> int:
        """Frames come in whole chunks of so many."""
        return self._stream.chunk

    def begin(self) -> None:
        """Forgets all frames: the next one is the first."""
        with self._one_at_a_time:
            self._stream.begin()

    def feed(self, frames: object) -> Prediction:
        """The answer to some more frames; those of one call stay together where threads share the stream.

        Args:
            frames: for a model of one input an array (n, ...), n a whole number of chunks; for one of several a mapping
                of names to arrays, of which those without frames are as the part `predict` takes them.

        Returns:
            Outputs with a row a frame hold those of these frames, (1, n, ...); the others answer after all frames so
            far.

        Raises:
            InputError: the arrays are not what the part takes; the stream stands where it stood.
        """
        named = frames if isinstance(frames, Mapping) else dict.fromkeys(self._inputs, frames)
        specs = {name: self._spec(name, named.get(name)) for name in self._inputs}
        arrays = read_inputs(frames, specs)
        with self._one_at_a_time:
            found = self._stream.feed(**arrays)
        return self._predictor.answer("stream", found)

    def _spec(self, name: str, array: object) -> InputSpec:
        """The input for as many frames as are given."""
        spec, found = self._inputs[name], np.shape(array)
        if name not in self._timed or len(found) < len(spec.shape) - 1:
            return spec
        frames = found[1] if len(found) == len(spec.shape) else found[0]
        return replace(spec, shape=(spec.shape[0], frames, *spec.shape[2:]))


def load(bundle: Bundle | str | os.PathLike, target: str = "auto", threads: int = 1) -> Predictor:
    """Makes a bundle ready to answer, on LiteRT and the base dependencies alone.

    Args:
        bundle: a bundle, its name or its path.
        target: the artifact to run; `auto` takes the first shipped of float32, float16, dynamic_int8, int8, int16x8.
        threads: of the CPU kernels.

    Raises:
        UnknownNameError: there is no such bundle or target, or the bundle does not ship it.
        BundleError, InputError: see `Predictor`.
    """
    bundle = bundle if isinstance(bundle, Bundle) else load_bundle(bundle)
    runnable = [name for name in TARGETS if name != "saved_model"]
    if target == "auto":
        target = next((name for name in runnable if name in bundle.targets), "float32")
    elif target not in runnable:
        raise UnknownNameError(f"LiteRT runs no target `{target}`; {the_nearest(target, runnable)}")
    return Predictor(bundle, target, threads)


def _check_batch(bundle: Bundle, inputs: Mapping[str, InputSpec]) -> None:
    for spec in inputs.values():
        if not spec.shape or spec.shape[0] != 1:
            raise InputError(
                f"`{bundle.name}` takes batches: input `{spec.name}` has shape {spec.shape}, expected a batch of 1",
                "`zoo export` without `--batch-size` makes a bundle for single examples",
            )


def _check_signature(bundle: Bundle, name: str, part: Mapping, runner: LiteRTRunner) -> None:
    """The file must be what the manifest describes, or its numbers would mean something else."""
    signature = runner.signatures.get(name)
    if signature is None:
        raise BundleError(f"`{runner.path}` has no signature `{name}`: found {', '.join(runner.signatures)}")
    for kind in ("inputs", "outputs"):
        listed = {**part[kind], **part.get("state", {})}
        found, expected = _shapes(signature, kind), {name: tuple(facts["shape"]) for name, facts in listed.items()}
        if found != expected:
            raise BundleError(f"`{runner.path}` has other {kind} than its manifest: found {found}, expected {expected}")
    classes = [part["outputs"][name]["shape"][-1] for name in part["outputs"] if part["outputs"][name].get("softmax")]
    if bundle.labels is not None and classes and len(bundle.labels) != classes[0]:
        raise BundleError(
            f"`{bundle.path / 'manifest.json'}` names {len(bundle.labels)} labels: expected {classes[0]}, one a logit"
        )


def _shapes(signature: Signature, kind: str) -> dict[str, tuple[int, ...]]:
    return {name: tensor.shape for name, tensor in getattr(signature, kind).items()}
