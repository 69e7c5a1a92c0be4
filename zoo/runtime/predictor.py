"""From a bundle to answers: reads the input, runs the decode loop on LiteRT, and says what the outputs mean."""

from __future__ import annotations

import itertools
import os
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from zoo.bundle import Bundle, load_bundle
from zoo.errors import AnswerError, BundleError, InputError, InputWarning, UnknownNameError, ZooError, the_nearest
from zoo.runtime.decode import Stream, get_loop
from zoo.runtime.engine.litert import LiteRTRunner, Signature
from zoo.runtime.prediction import Prediction, softmax
from zoo.runtime.reading.arrays import InputSpec
from zoo.runtime.reading.doubts import doubts
from zoo.runtime.reading.inputs import describe, read_inputs, undeclared_pictures
from zoo.targets import TARGETS

_PART, _STEP = "predict", "step"
FAILED = "failed its gates and was kept on request"


class Predictor:
    """Answers inputs; made by `load`.

        predictor = zoo.runtime.load("resnet8.cifar10")
        print(predictor("cat.png"))

    Threads may share a predictor and its streams: each gets the answer to its own input.  Runs take turns; to use more
    cores, give `threads`, or load a predictor a thread, which costs the memory of each.

    Raises (when made):
        BundleError: the artifact is damaged or is not what the manifest describes, or needs what this version lacks.
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
        self.batch = _batch(bundle, part)
        """Examples a run of the artifact."""
        self.inputs = {
            name: InputSpec.of(name, {**facts, "shape": [1, *facts["shape"][1:]]})
            for name, facts in part["inputs"].items()
        }
        """What one example holds, by name."""
        self._outputs = list(part["outputs"])
        self._classes = _choice(bundle, part)
        chosen = part["outputs"][self._classes] if self._classes else {}
        self._is_softmax, self._is_yes_no = not chosen.get("softmax"), chosen.get("kind") == "yes_no"
        reason = bundle.failed.get(target)
        self.failed = (f"`{target}` of `{bundle.name}` {FAILED}: {reason}",) if reason else ()
        """What there is to say against every answer of this artifact."""
        self.runner = LiteRTRunner(bundle.artifact(target), threads)
        _check_signature(bundle, _PART, part, self.runner)

    def __call__(self, source: object) -> Prediction:
        """The model's answer to one example.

        Args:
            source: a file (PNG, JPEG, WebP, `.npy`, `.npz`, `.csv`, `.wav`), `-` for one on standard input, an array or
                a picture of Pillow's; for a model of several inputs an `.npz` keyed by their names,
                `"ecg=a.csv,rr=b.csv"`, or a mapping of names to files and arrays.

        Raises:
            InputError: the input cannot be read or is not what the model takes.
            AnswerError: the answer holds NaN or infinity.

        Warns:
            InputWarning: the input is hardly what the model was trained on; `Prediction.warnings` says the same.
        """
        [answer] = self._answers([self._read(source)])
        if isinstance(answer, ZooError):
            raise answer
        return answer

    def many(self, sources: Iterable[object]) -> Iterator[Prediction | ZooError]:
        """The answers to many examples, as many a run as the artifact takes at once, in their order.

        Args:
            sources: each as for a call; or, where the artifact takes batches, the arrays of a whole batch.

        Yields:
            What a call returns, or the error that it would raise: one bad example keeps none of the others back.
        """
        waiting: list[_Example | ZooError] = []
        for each in itertools.chain.from_iterable(map(self._read_rows, sources)):
            waiting.append(each)
            if sum(isinstance(each, _Example) for each in waiting) == self.batch:
                yield from self._answers(waiting)
                waiting = []
        yield from self._answers(waiting)

    def _read(self, source: object) -> _Example | ZooError:
        try:
            arrays = read_inputs(source, self.inputs)
            return _Example(describe(source), arrays, undeclared_pictures(source, self.inputs))
        except InputError as error:
            return error

    def _read_rows(self, source: object) -> list[_Example | ZooError]:
        """One example, or those of a whole batch."""
        example = self._read(source)
        if self.batch == 1 or isinstance(example, _Example):
            return [example]
        specs = {name: replace(spec, shape=(self.batch, *spec.example)) for name, spec in self.inputs.items()}
        try:
            arrays = read_inputs(source, specs)
        except InputError:
            return [example]
        return [
            _Example(f"{describe(source)}[{row}]", {name: array[row : row + 1] for name, array in arrays.items()}, ())
            for row in range(self.batch)
        ]

    def _answers(self, waiting: list[_Example | ZooError]) -> Iterator[Prediction | ZooError]:
        """One run for all examples among them; the rows of those that are missing repeat the last."""
        examples = [each for each in waiting if isinstance(each, _Example)]
        if examples:
            rows = [*examples, *[examples[-1]] * (self.batch - len(examples))]
            stacked = {name: np.concatenate([row.arrays[name] for row in rows]) for name in self.inputs}
            found = self._loop.run(self.runner, stacked)
        row = 0
        for each in waiting:
            if isinstance(each, _Example):
                yield self._of_row(each, {name: values[row : row + 1] for name, values in found.items()})
                row += 1
            else:
                yield each

    def _of_row(self, example: _Example, found: Mapping[str, np.ndarray]) -> Prediction | ZooError:
        said = (*self.failed, *example.doubts, *doubts(example.arrays, self.inputs))
        try:
            return self.answer(example.source, found, said)
        except AnswerError as error:
            return error

    def stream(self) -> PredictorStream:
        """A new way through time, from its first frame.

        Raises:
            InputError: the bundle has no part `step`, or takes batches.
            BundleError: the artifact is not what the manifest says of that part.
        """
        part = self.bundle.parts.get(_STEP)
        if part is None:
            raise InputError(
                f"`{self.bundle.name}` cannot stream: it has no part `{_STEP}`", "`zoo export --step` makes one"
            )
        if self.batch != 1:
            raise InputError(
                f"`{self.bundle.name}` cannot stream: it takes batches of {self.batch}, expected 1",
                "`zoo export` without `--batch-size` makes a bundle for single examples",
            )
        _check_signature(self.bundle, _STEP, part, self.runner)
        return PredictorStream(self, part)

    def answer(self, source: str, found: Mapping[str, np.ndarray], said: tuple[str, ...] = ()) -> Prediction:
        """What outputs mean, by name as the artifact gave them for a source of which there is `said` to warn of.

        Raises:
            AnswerError: an output holds NaN or infinity.
        """
        for sentence in said:
            warnings.warn(f"{source}: {sentence}", InputWarning, stacklevel=2)
        outputs = {name: found[name] for name in self._outputs}  # in the manifest's order, not the file's
        for name, values in outputs.items():
            if values.dtype.kind == "f" and not np.isfinite(values).all():
                raise self._no_number(source, name, values)
        return Prediction(source, self.bundle.name, self.target, outputs, *self._classify(outputs), said)

    def _no_number(self, source: str, name: str, values: np.ndarray) -> AnswerError:
        count = int((~np.isfinite(values)).sum())
        return AnswerError(
            f"{source}: `{self.bundle.name}` ({self.target}) answered with NaN or infinity: found {count:,} such "
            f"numbers of {values.size:,} in output `{name}`, expected finite ones",
            "either numbers of the input are too large for the model, or its file is damaged: "
            f"`zoo verify {self.bundle.path}` tells",
        )

    def _classify(self, outputs: Mapping[str, np.ndarray]) -> tuple[np.ndarray | None, tuple[str, ...] | None]:
        """Probabilities and labels, where the manifest says that an output holds those of one choice, or its logits."""
        found = outputs.get(self._classes) if self._classes else None
        if found is None or found.ndim != 2 or not len(found):  # a stream that has no answer yet
            return None, None
        if self._is_yes_no:
            return np.array([1 - found[0, 0], found[0, 0]]), self.bundle.labels
        return (found if self._is_softmax else softmax(found))[0], self.bundle.labels


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
            AnswerError: the answer holds NaN or infinity; the stream stands where it stood.
        """
        named = frames if isinstance(frames, Mapping) else dict.fromkeys(self._inputs, frames)
        specs = {name: self._spec(name, named.get(name)) for name in self._inputs}
        arrays = read_inputs(frames, specs)
        with self._one_at_a_time:
            before = self._stream.states
            found = self._stream.feed(**arrays)
            try:
                return self._predictor.answer("stream", found, (*self._predictor.failed, *doubts(arrays, specs)))
            except AnswerError:
                self._stream.states = before
                raise

    def _spec(self, name: str, array: object) -> InputSpec:
        """The input for as many frames as are given."""
        spec, found = self._inputs[name], np.shape(array)
        if name not in self._timed or len(found) < len(spec.shape) - 1:
            return spec
        frames = found[1] if len(found) == len(spec.shape) else found[0]
        return replace(spec, shape=(spec.shape[0], frames, *spec.shape[2:]))


@dataclass(frozen=True)
class _Example:
    """What was read of one source, and what there is to warn of."""

    source: str
    arrays: Mapping[str, np.ndarray]
    doubts: Iterable[str]


def load(bundle: Bundle | str | os.PathLike, target: str | None = "auto", threads: int = 1) -> Predictor:
    """Makes a bundle ready to answer, on LiteRT and the base dependencies alone.

    Args:
        bundle: a bundle, its name or its path.
        target: the artifact to run; `auto` or None takes the first shipped of float32, float16, dynamic_int8, int8,
            int16x8.
        threads: of the CPU kernels.

    Raises:
        UnknownNameError: there is no such bundle or target, or the bundle does not ship it.
        BundleError, InputError: see `Predictor`.
    """
    bundle = bundle if isinstance(bundle, Bundle) else load_bundle(bundle)
    runnable = [name for name in TARGETS if name != "saved_model"]
    if target in ("auto", None):
        target = next((name for name in runnable if name in bundle.targets), "float32")
    elif target not in runnable:
        raise UnknownNameError(f"LiteRT runs no target `{target}`; {the_nearest(target, runnable)}")
    return Predictor(bundle, target, threads)


def _batch(bundle: Bundle, part: Mapping) -> int:
    """The first axis of all inputs and outputs."""
    shapes = [facts["shape"] for facts in (*part["inputs"].values(), *part["outputs"].values())]
    found = {shape[0] if shape else None for shape in shapes}
    if len(found) != 1 or None in found:
        raise BundleError(
            f"`{bundle.path / 'manifest.json'}` has inputs and outputs of unlike batches: found {shapes}, "
            "expected one first axis for all"
        )
    return found.pop()


def _choice(bundle: Bundle, part: Mapping) -> str | None:
    """The output that holds a number for each class of a choice, logits or probabilities: of several, the labelled."""
    choices = {
        name: facts["shape"][-1]
        for name, facts in part["outputs"].items()
        if facts.get("softmax") or facts.get("kind") == "probabilities"
    }
    labelled = [name for name, classes in choices.items() if bundle.labels and classes == len(bundle.labels)]
    return next(iter([*labelled, *choices]), None) or _yes_or_no(bundle, part)


def _yes_or_no(bundle: Bundle, part: Mapping) -> str | None:
    """The output that is one probability of yes, where there are labels: for no, and for yes."""
    yes = [
        name
        for name, facts in part["outputs"].items()
        if facts.get("kind") == "yes_no" and len(facts["shape"]) == 2 and facts["shape"][-1] == 1
    ]
    return yes[0] if yes and bundle.labels and len(bundle.labels) == 2 else None


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
    choice = _choice(bundle, part)
    if bundle.labels is None or choice is None:
        return
    output = part["outputs"][choice]
    classes = 2 if output.get("kind") == "yes_no" else output["shape"][-1]
    if len(bundle.labels) != classes:
        raise BundleError(
            f"`{bundle.path / 'manifest.json'}` names {len(bundle.labels)} labels: expected {classes}, one a logit"
        )


def _shapes(signature: Signature, kind: str) -> dict[str, tuple[int, ...]]:
    return {name: tensor.shape for name, tensor in getattr(signature, kind).items()}
