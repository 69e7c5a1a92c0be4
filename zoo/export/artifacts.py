"""The artifacts of a bundle in the making: one a target, each written and listed, none of them judged yet."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from zoo.errors import ConversionError
from zoo.export.convert import Converter
from zoo.export.describe import quantization
from zoo.export.intake.calibration import Calibration
from zoo.export.intake.request import CALIBRATED, Request
from zoo.export.intake.sources import PART, STREAM, Source
from zoo.export.lower import lower
from zoo.export.lowering.integer.fronts import AUTO
from zoo.export.lowering.job import Lowered
from zoo.export.saved_model import write_saved_model
from zoo.verify.running.kinds import kinds_in

_CONVERTER: ContextVar[Converter | None] = ContextVar("converter", default=None)


@dataclass(frozen=True)
class Place:
    """The bundle in the making: its folder, and its manifest, which lists every artifact that is in the folder."""

    folder: Path
    manifest: dict

    @property
    def inputs(self) -> dict[str, dict]:
        """The manifest's entries of the part's inputs."""
        return self.manifest["parts"][PART]["inputs"]

    def add(self, target: str, file: str, **facts) -> Path:
        """Lists an artifact; returns where it belongs."""
        self.manifest["artifacts"][target] = {"file": file, **facts}
        return self.folder / file

    def size(self, target: str) -> int | None:
        """Bytes of an artifact that is one file; None where there is none yet."""
        listed = self.manifest["artifacts"].get(target)
        return None if listed is None else (self.folder / listed["file"]).stat().st_size

    def remove(self, target: str) -> None:
        """Takes an artifact out again."""
        path = self.folder / self.manifest["artifacts"].pop(target)["file"]
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def make_artifacts(
    source: Source, request: Request, calibration: Calibration | None, place: Place, report
) -> dict[str, dict]:
    """Makes every artifact; by target, what only its maker knows, or the reason why it could not be made.

    Raises:
        ConversionError: none could be made.
    """
    made, failures = {}, []
    needs_converter = set(request.targets) != {"saved_model"}
    with one_converter() if needs_converter else nullcontext() as converter:
        for done, target in enumerate(request.targets):
            report("convert", done, len(request.targets))
            try:
                made[target] = _make(target, source, request, calibration, converter, place)
            except ConversionError as error:
                failures.append(error)
                made[target] = {"reason": error.message}
    report("convert", len(request.targets), len(request.targets))
    if len(failures) == len(request.targets):
        raise failures[0]
    return made


def _make(
    target: str,
    source: Source,
    request: Request,
    calibration: Calibration | None,
    converter: Converter | None,
    place: Place,
) -> dict:
    if target == "saved_model":
        stream = {STREAM: source.stream.model} if source.stream else {}
        write_saved_model({PART: source.model} | stream, place.add(target, "saved_model"))
        return {}
    calibrates = target in CALIBRATED
    lowered = _lowered(target, source, request, calibration, converter, place)
    stored = {"quantization": quantization(lowered.data)} if calibrates else {}
    place.add(target, f"{target}.tflite", **stored).write_bytes(lowered.data)
    forms = {f"recurrence {number}": form for number, form in enumerate(lowered.forms, 1)}
    facts = {"forms": forms, "int8_recipe": lowered.int8_recipe}
    return facts | (
        {"calibration": calibration.facts(), "kept_inputs": dict(lowered.kept_inputs)} if calibrates else {}
    )


def _lowered(
    target: str,
    source: Source,
    request: Request,
    calibration: Calibration | None,
    converter: Converter,
    place: Place,
) -> Lowered:
    def in_form(form: str, target: str = target, budget: int | None = request.size_budget) -> Lowered:
        return lower(
            source.model,
            {name: (tuple(facts["shape"]), facts["dtype"]) for name, facts in place.inputs.items()},
            target,
            calibration=calibration.inputs if target in CALIBRATED else None,
            form=form,
            runtime=request.runtime,
            size_budget=budget,
            int8_io=ends(request, place.manifest),
            converter=converter,
            signature=PART,
            stream=source.stream,
            kinds=kinds_in(place.manifest, PART),
            islands=source.spec is None,
        )

    lowered = in_form(request.form)
    if target != "int8" or request.form != "auto" or "unrolled" not in lowered.forms:
        return lowered
    # The scales of every step's tensors can take more than the weights save.
    made = place.size("float32")
    if len(lowered.data) <= (made if made is not None else len(in_form("auto", "float32", None).data)):
        return lowered
    return min(lowered, in_form("blocked"), key=lambda file: len(file.data))


def ends(request: Request, manifest: dict) -> dict[str, str | None]:
    """What the float inputs and outputs of an `int8` file become, by name; see `lower`."""
    part = manifest["parts"][PART]
    if request.int8_io:
        asked = None if request.int8_io == "float32" else request.int8_io
        return dict.fromkeys([*part["inputs"], *part["outputs"]], asked)
    usual = "int8" if manifest["family"] else AUTO
    inputs = {name: "uint8" if facts["kind"] == "image" else usual for name, facts in part["inputs"].items()}
    return inputs | dict.fromkeys(part["outputs"], "int8")


@contextmanager
def one_converter() -> Iterator[Converter]:
    """While it lasts, all exports share one converter process, which takes seconds to start."""
    if (running := _CONVERTER.get()) is not None:
        yield running
        return
    with Converter() as converter:
        token = _CONVERTER.set(converter)
        try:
            yield converter
        finally:
            _CONVERTER.reset(token)
