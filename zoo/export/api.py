"""`export_model`: from anybody's Keras model to a bundle whose artifacts have been run and measured.

The way through: `open_source` brings what is exported to one form and refuses what cannot be lowered;
`read_calibration` reads the examples that int8 is measured on; `make_artifacts` writes one artifact a target into a
folder that becomes the bundle; `measure` runs the gates on them; what fails is taken out, its reason kept on the card.
"""

import dataclasses
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import keras
import numpy as np

from zoo._keras import check_backend, own_settings
from zoo._system.durable import writing
from zoo._system.progress import ignore
from zoo.bundle import Bundle, load_bundle, write_bundle
from zoo.errors import GateError, InputError
from zoo.export.artifacts import Place, make_artifacts
from zoo.export.describe import describe, example_specs
from zoo.export.intake.calibration import Calibration, read_calibration, read_examples
from zoo.export.intake.request import Request, make_request
from zoo.export.intake.sources import Source, open_source
from zoo.export.intake.truths import choices_of, read_truths, truth_names
from zoo.export.recurrences.forms import ANY
from zoo.sources.built import Builder
from zoo.targets import CALIBRATED, USUAL_TARGETS
from zoo.verify.cards.render import bundle_readme
from zoo.verify.examine import Measured, measure
from zoo.verify.verification import OF_ANSWERS


@own_settings()
def export_model(
    model: str | os.PathLike | keras.Model,
    targets: str | Sequence[str] | None = None,
    *,
    out: str | os.PathLike,
    name: str | None = None,
    calibration: str | os.PathLike | Mapping[str, np.ndarray] | np.ndarray | None = None,
    examples: str | os.PathLike | Mapping[str, np.ndarray] | np.ndarray | None = None,
    batch_size: int = 1,
    form: str = "auto",
    runtime: str = ANY,
    size_budget: int | None = None,
    length: int | Mapping[str, int] | None = None,
    shapes: Mapping[str, Sequence[int]] | None = None,
    inputs: Mapping[str, str] | None = None,
    int8_io: str | None = None,
    stream: bool = False,
    chunk: int = 1,
    builder: Builder | None = None,
    task: str | None = None,
    labels: str | os.PathLike | Sequence[str] | None = None,
    keep_failed: bool = False,
    report=ignore,
) -> Bundle:
    """Exports a model and measures what came of it.

        zoo.export_model("my_lstm.keras", ["float32", "int8"], out="bundles", calibration="beats.npz")

    Args:
        model: a model's name (untrained), its `name.tag`, the folder of a run or of a bundle, the path of a `.keras`
            file or of a Keras 2 `.h5` file, the folder of a SavedModel whose inference function has no loop, or a Keras
            model, which is not changed; its own classes need not be registered.
        targets: any of `zoo.targets.TARGETS`; None: `zoo.targets.USUAL_TARGETS`, without int8 where there is nothing to
            calibrate it on.
        out: the folder in which the bundle's folder is written; a bundle of that name is replaced.
        name: of the bundle, for a model that is not the zoo's; that of the file or model unless given.
        calibration: what int8 and int16x8 measure their ranges on: the name of a data set (its train split), an `.npz`
            keyed by input name, a folder of examples, arrays by input name, (n, ...), or the array of the one input.
            The data set of the training unless given.
        examples: of a model that is not the zoo's, the inputs on which artifacts are compared with Keras: an `.npz` or
            arrays as for `calibration`; seeded random ones unless given.  Arrays of whole numbers, or labels, named
            like an output that chooses a class (or `labels`) are the right classes: an artifact that is right as often
            as Keras may choose otherwise.
        batch_size: rows of every input of the `.tflite` files.
        form: of recurrences, `unrolled`, `blocked`, or `auto`, which picks what was measured to be better.
        runtime: what `auto` picks for: `compiled` (LiteRT's `CompiledModel` with its weight cache, as our runtime has
            it), `interpreter` (which has no such cache), `any` (whichever of these: least is lost on the worse one, and
            neither needs more than twice the memory of the better form) or `gpu`.
        size_budget: bytes that each `.tflite` file may take; `auto` heeds it.
        length: steps of inputs whose time axis is open, for all of them or by input name: `{"encoder": 20}`; where one
            axis is open that is not time, the size of that.
        shapes: by input name its shape without the batch, where axes of it are open: `{"image": (32, 128, 1)}`.
        inputs: by input name of a model that is not the zoo's, `picture` or `picture:0..1` where it takes pictures, of
            values 0..255 or others: `zoo predict` and calibration read files for it.
        int8_io: `int8`, `uint8` or `float32` ends of the target `int8`; unless given uint8 for an image and int8 for
            all else, but float32 for an input of a model that is not the zoo's if 8 bits would spoil it.
        stream: whether artifacts have the signature `stream` too, which is given frames as they come: `zoo.runtime`
            streams by it.  Its inputs and outputs are those of `predict` for `chunk` frames, and states, (batch, ...)
            each: zeros (in an int8 file the zero point) before the first frame, then what the call before gave under
            the same name, as it is.  An output without a time axis is the answer after the frames so far.
        chunk: frames a call of `stream`.
        builder: where `model` is a file of weights alone, what builds the model that they are of: a function without
            arguments, `module:function` of one, or the name of a model of the zoo.
        task: what a model that is not the zoo's is for: `classification`, whose outputs of several numbers are logits
            if none ends in a softmax, or `regression`, whose outputs are values; as its last layers say unless given.
        labels: names of the classes, or a text file with one a line; the model is one of classification then.
        keep_failed: whether artifacts that fail their gates are written too.  They are in `bundle.failed`, named so in
            manifest, card and README, and run only if asked for by name, with a warning.
        report: called with the stage, what is done of it and the whole.

    Returns:
        The bundle.  A target that failed its gates is not among `bundle.targets`; its entry on `bundle.card` says why.

    Raises:
        UnknownNameError: there is no such model, target or data set.
        InputError: an option, a file or an array is not what it must be, or the disk is full.
        ConversionError: the model cannot be lowered, or the converter failed for every target.
        DataError: the data set of the training is not prepared.
        GateError: every target failed its gates, and none is kept.  Then, as after any error, nothing is written.
    """
    check_backend("exporting")
    request = make_request(
        USUAL_TARGETS if targets is None else targets,
        batch_size=batch_size,
        form=form,
        runtime=runtime,
        size_budget=size_budget,
        length=length,
        shapes=shapes,
        inputs=inputs,
        int8_io=int8_io,
        stream=stream,
        chunk=chunk,
        task=task,
        labels=labels,
    )
    places = f"{out}` or `{tempfile.gettempdir()}"  # libraries that write do not always say where they failed
    with writing(places), tempfile.TemporaryDirectory(prefix="zoo-export-") as scratch:
        if targets is None and calibration is None and int8_io is None:
            source, request = _open_for_usual_targets(model, name, request, Path(scratch), builder)
        else:
            source = open_source(model, name, request, Path(scratch), builder)
        manifest = describe(source, batch_size, request.inputs)
        _check_place(Path(out) / source.name)
        calibrated = _calibration(calibration, request, source, manifest)
        given = _examples(examples, source, manifest)
        truths = _truths(examples, manifest, given)
        with write_bundle(out, source.name, manifest) as folder:
            made = make_artifacts(source, request, calibrated, Place(folder, manifest), report)
            measured = measure(
                folder,
                manifest,
                model=source.model,
                parts={name: part.model for name, part in source.parts.items()},
                recipe=source.recipe,
                training=source.training,
                examples=given,
                truths=truths,
                made=made,
                keep_failed=keep_failed,
                report=report,
            )
            _part_with(measured, Place(folder, manifest), keep_failed)
            for relative, path in source.files.items():
                shutil.copyfile(path, folder / relative)
            (folder / "card.json").write_text(json.dumps(measured.card, indent=1, ensure_ascii=False) + "\n", "utf-8")
            (folder / "README.md").write_text(bundle_readme(measured.card), "utf-8")
    return load_bundle(Path(out) / source.name)


def gates_not_met(card: Mapping) -> GateError | None:
    """What there is to say of the targets that a bundle was to have and has not; None if it has all."""
    failed = {target: entry for target, entry in card["artifacts"].items() if entry["status"] != "passed"}
    if not failed:
        return None
    said = []
    for status, words in (("disabled", "left out of"), ("failed", "kept, though they fail their gates, in")):
        reasons = [f"{target}: {entry['reason']}" for target, entry in failed.items() if entry["status"] == status]
        said += [f"{words} `{card['bundle']}`: {'; '.join(reasons)}"] if reasons else []
    of_random = any(
        entry["parity"] and entry["parity"]["source"] == "random inputs" and _is_of_answers(entry["reason"])
        for entry in failed.values()
    )
    hint = "random inputs may lie where your data never does: `--examples FILE.npz` compares on your own"
    return GateError("; ".join(said), hint if of_random else None)


def _is_of_answers(reason: str) -> bool:
    return any(f"{gate}: found" in reason for gate in OF_ANSWERS)


def _part_with(measured: Measured, place: Place, keep: bool) -> None:
    """Removes what failed its gates, or lists it as failed.

    Raises:
        GateError: nothing is left.
    """
    for target, reason in measured.disabled.items():
        if keep:
            place.manifest["artifacts"][target]["failed"] = reason
        else:
            place.remove(target)
    if not place.manifest["artifacts"]:
        error = gates_not_met(measured.card)
        raise GateError(f"{error.message}; nothing is left, so no bundle was written", error.hint)


def _open_for_usual_targets(
    model: object, name: str | None, request: Request, scratch: Path, builder: Builder | None
) -> tuple[Source, Request]:
    """What nobody asked for by name is left out where there is nothing to calibrate it on."""
    rest = tuple(target for target in request.targets if target not in CALIBRATED)
    uncalibrated = dataclasses.replace(request, targets=rest)
    source = open_source(model, name, uncalibrated, scratch, builder)
    return source, request if source.data else uncalibrated


def _calibration(given: object, request: Request, source: Source, manifest: dict) -> Calibration | None:
    if not set(request.targets) & set(CALIBRATED):
        return None
    ranges = source.recipe.ranges if source.recipe else {}
    return read_calibration(given, example_specs(manifest), source.data, ranges)


def _examples(given: object, source: Source, manifest: dict) -> dict[str, np.ndarray] | None:
    if given is None:
        return None
    if source.recipe:
        raise InputError(
            f"`{source.name}` is compared with Keras on the test split of `{source.recipe.data}`, found `examples`",
            "leave `--examples` out",
        )
    return read_examples(given, example_specs(manifest), truth_names(choices_of(manifest)))


def _truths(given: object, manifest: dict, examples: Mapping[str, np.ndarray] | None) -> dict[str, np.ndarray]:
    """The right answers among the examples, by output."""
    if examples is None or not isinstance(given, str | os.PathLike | Mapping):  # an array has no names
        return {}
    count = len(next(iter(examples.values())))
    choices = {
        name: shape
        for name, shape in choices_of(manifest).items()
        if name not in examples  # which an input is called
    }
    labels = {name: manifest["answers"][name]["labels"] for name in choices}
    return read_truths(given, choices, labels, count)


def _check_place(path: Path) -> None:
    """A bundle may take the place of a bundle, and of nothing else."""
    if path.parent.exists() and not path.parent.is_dir():
        raise InputError(f"bundles are written into a folder: `{path.parent}` is a file", "choose another `--out`")
    if path.exists() and not (path / "manifest.json").is_file():
        raise InputError(f"`{path}` is in the way: it is not a bundle", "choose another `--out` or `--name`")
