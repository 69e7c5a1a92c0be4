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
from zoo.errors import AnswerError, InputError, InputWarning, UnknownNameError, ZooError, the_nearest
from zoo.runtime.answers import Answer, make_answers
from zoo.runtime.decode import Stream, get_loop
from zoo.runtime.engine.litert import LiteRTRunner
from zoo.runtime.parts import batch_of, check_signature, inputs_of, parts_of
from zoo.runtime.reading.arrays import InputSpec
from zoo.runtime.reading.doubts import doubts
from zoo.runtime.reading.inputs import describe, read_inputs, undeclared_pictures
from zoo.runtime.reading.question import with_question
from zoo.runtime.reading.vocabulary import Vocabulary
from zoo.targets import RUN_BY_LITERT

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
        manifest = bundle.manifest
        self._loop = get_loop(manifest["decode"], bundle.parts)
        self.batch = batch_of(bundle)
        """Examples a run of the artifact."""
        self._vocabularies = {name: Vocabulary.of(entry) for name, entry in manifest.get("vocabularies", {}).items()}
        self.inputs = {
            name: InputSpec.of(name, {**facts, "shape": [1, *facts["shape"][1:]]}, self._vocabularies)
            for name, facts in inputs_of(manifest).items()
        }
        """What one example holds, by name."""
        reason = bundle.failed.get(target)
        self.failed = (f"`{target}` of `{bundle.name}` {FAILED}: {reason}",) if reason else ()
        """What there is to say against every answer of this artifact."""
        self.runner = LiteRTRunner(bundle.artifact(target), threads)
        for name in parts_of(manifest["decode"]):
            check_signature(name, bundle.parts[name], self.runner)

    @property
    def options(self) -> Mapping[str, str]:
        """What a call takes beside its input, by name: what the decode loop says that it expects."""
        return self._loop.options

    def __call__(self, source: object, question: str | None = None, **options: object) -> Answer:
        """The model's answer to one example.

        Args:
            source: a file (PNG, JPEG, WebP, `.npy`, `.npz`, `.csv`, `.wav`), `-` for one on standard input, an array or
                a picture of Pillow's; for a model of several inputs an `.npz` keyed by their names,
                `"ecg=a.csv,rr=b.csv"`, or a mapping of names to files and arrays.
            question: a text for the one input that takes tokens; `source` is the other input then.
            options: of the decode loop, `beam=4` for one; see `options`.

        Raises:
            InputError: the input cannot be read or is not what the model takes, or an option is not what the loop
                takes.
            AnswerError: the answer holds NaN or infinity.

        Warns:
            InputWarning: the input is hardly what the model was trained on; `Answer.warnings` says the same.
        """
        self._check_options(options)
        [answer] = self._answers([self._read(source, question)], options)
        if isinstance(answer, ZooError):
            raise answer
        return answer

    def many(
        self, sources: Iterable[object], question: str | None = None, **options: object
    ) -> Iterator[Answer | ZooError]:
        """The answers to many examples, as many a run as the artifact takes at once, in their order.

        Args:
            sources: each as for a call; or, where the artifact takes batches, the arrays of a whole batch.
            question, options: as for a call, the same for all.

        Yields:
            What a call returns, or the error that it would raise: one bad example keeps none of the others back.

        Raises:
            InputError: an option is not what the decode loop takes.
        """
        self._check_options(options)
        waiting: list[_Example | ZooError] = []
        for each in itertools.chain.from_iterable(self._read_rows(source, question) for source in sources):
            waiting.append(each)
            if sum(isinstance(each, _Example) for each in waiting) == self.batch:
                yield from self._answers(waiting, options)
                waiting = []
        yield from self._answers(waiting, options)

    def _check_options(self, options: Mapping[str, object]) -> None:
        for name in options:
            if name not in self.options:
                taken = "; ".join(f"`{known}`, {expected}" for known, expected in self.options.items())
                loop = self.bundle.manifest["decode"]["loop"]
                raise InputError(
                    f"`{self.bundle.name}` takes no option `{name}`: its decode loop `{loop}` takes {taken or 'none'}"
                )

    def _read(self, source: object, question: str | None) -> _Example | ZooError:
        try:
            asked = source
            if question is not None:
                asked = with_question(source, question, self.inputs)
            arrays = read_inputs(asked, self.inputs)
            return _Example(describe(source), arrays, undeclared_pictures(asked, self.inputs))
        except InputError as error:
            return error

    def _read_rows(self, source: object, question: str | None) -> list[_Example | ZooError]:
        """One example, or those of a whole batch."""
        example = self._read(source, question)
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

    def _answers(
        self, waiting: list[_Example | ZooError], options: Mapping[str, object]
    ) -> Iterator[Answer | ZooError]:
        """One run for all examples among them; the rows of those that are missing repeat the last."""
        examples = [each for each in waiting if isinstance(each, _Example)]
        if examples:
            rows = [*examples, *[examples[-1]] * (self.batch - len(examples))]
            stacked = {name: np.concatenate([row.arrays[name] for row in rows]) for name in self.inputs}
            found = self._run(stacked, options)
        row = 0
        for each in waiting:
            if isinstance(each, _Example) and isinstance(found, AnswerError):
                yield found
            elif isinstance(each, _Example):
                yield self._of_row(each, {name: values[row : row + 1] for name, values in found.items()})
                row += 1
            else:
                yield each

    def _run(self, inputs: Mapping[str, np.ndarray], options: Mapping[str, object]) -> dict | AnswerError:
        """The loop's outputs, or that a part answered it with what is no number."""
        try:
            return self._loop.run(self.runner, inputs, **options)
        except AnswerError as error:
            return error

    def _of_row(self, example: _Example, found: Mapping[str, np.ndarray]) -> Answer | ZooError:
        said = (*self.failed, *example.doubts, *doubts(example.arrays, self.inputs))
        try:
            return self.answer(example.source, found, said)
        except AnswerError as error:
            return error

    def stream(self) -> PredictorStream:
        """A new way through time, from its first frame.

        Raises:
            InputError: the bundle has no part that streams, or takes batches.
            BundleError: the artifact is not what the manifest says of that part.
        """
        name = self.bundle.manifest.get("stream")
        if name is None:
            raise InputError(
                f"`{self.bundle.name}` cannot stream: it has no part `stream`", "`zoo export --stream` makes one"
            )
        if self.batch != 1:
            raise InputError(
                f"`{self.bundle.name}` cannot stream: it takes batches of {self.batch}, expected 1",
                "`zoo export` without `--batch-size` makes a bundle for single examples",
            )
        check_signature(name, self.bundle.parts[name], self.runner)
        return PredictorStream(self, name)

    def answer(self, source: str, found: Mapping[str, np.ndarray], said: tuple[str, ...] = ()) -> Answer:
        """What a loop's outputs mean, (1, ...) by name, for a source of which there is `said` to warn of.

        Raises:
            AnswerError: an output holds NaN or infinity.
        """
        for sentence in said:
            warnings.warn(f"{source}: {sentence}", InputWarning, stacklevel=2)
        listed = self.bundle.parts[parts_of(self.bundle.manifest["decode"])[0]]["outputs"]
        order = sorted(found, key=lambda name: list(listed).index(name) if name in listed else len(listed))
        outputs = {name: found[name] for name in order}  # in the manifest's order, not the file's
        for name, values in outputs.items():
            if values.dtype.kind == "f" and not np.isfinite(values).all():
                raise self._no_number(source, name, values)
        answers = make_answers(self.bundle.manifest["answers"], outputs, self._vocabularies)
        return Answer(source, self.bundle.name, self.target, outputs, answers, said)

    def _no_number(self, source: str, name: str, values: np.ndarray) -> AnswerError:
        count = int((~np.isfinite(values)).sum())
        return AnswerError(
            f"{source}: `{self.bundle.name}` ({self.target}) answered with NaN or infinity: found {count:,} such "
            f"numbers of {values.size:,} in output `{name}`, expected finite ones",
            "either numbers of the input are too large for the model, or its file is damaged: "
            f"`zoo verify {self.bundle.path}` tells",
        )


class PredictorStream:
    """Answers while frames come; made by `Predictor.stream`.

    stream = zoo.runtime.load("keywords").stream()
    while True:
        print(stream.feed(microphone(stream.chunk)))
    """

    def __init__(self, predictor: Predictor, name: str):
        part = predictor.bundle.parts[name]
        self._predictor, self._stream = predictor, Stream(predictor.runner, part, name)
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

    def feed(self, frames: object) -> Answer:
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
    if target in ("auto", None):
        target = next((name for name in RUN_BY_LITERT if name in bundle.targets), "float32")
    elif target not in RUN_BY_LITERT:
        raise UnknownNameError(f"LiteRT runs no target `{target}`; {the_nearest(target, RUN_BY_LITERT)}")
    return Predictor(bundle, target, threads)
