"""The artifacts of a bundle in the making: one a target, each written and listed, none of them judged yet."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from zoo.errors import ConversionError
from zoo.export.convert import Converter
from zoo.export.describe import quantization
from zoo.export.intake.calibration import Calibration
from zoo.export.intake.request import Request
from zoo.export.intake.sources import PART, STREAM, Source
from zoo.export.lower import lower
from zoo.export.lowering.integer.fronts import AUTO
from zoo.export.lowering.job import Lowered
from zoo.export.lowering.join import join
from zoo.export.saved_model import write_saved_model
from zoo.sources.runner import part_inputs
from zoo.targets import CALIBRATED, TABLE
from zoo.verify.running.kinds import kinds_in

_CONVERTER: ContextVar[Converter | None] = ContextVar("converter", default=None)


@dataclass(frozen=True)
class Place:
    """The bundle in the making: its folder, and its manifest, which lists every artifact that is in the folder."""

    folder: Path
    manifest: dict

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
        maker = _Maker(source, request, calibration, converter, place)
        for done, target in enumerate(request.targets):
            report("convert", done, len(request.targets))
            try:
                made[target] = maker.make(target)
            except ConversionError as error:
                failures.append(error)
                made[target] = {"reason": error.message}
    report("convert", len(request.targets), len(request.targets))
    if len(failures) == len(request.targets):
        raise failures[0]
    return made


@dataclass(frozen=True)
class _Maker:
    """Makes the artifacts of one model."""

    source: Source
    request: Request
    calibration: Calibration | None
    converter: Converter | None
    place: Place

    def make(self, target: str) -> dict:
        """Writes and lists one; returns what only its maker knows."""
        if target == "saved_model":
            models = {name: part.model for name, part in self.source.parts.items()}
            stream = {STREAM: self.source.stream.model} if self.source.stream else {}
            write_saved_model(models | stream, self.place.add(target, TABLE[target].file))
            return {}
        calibrates = target in CALIBRATED
        lowered = self._lowered(target)
        stored = {"quantization": quantization(lowered.data)} if calibrates else {}
        self.place.add(target, TABLE[target].file, **stored).write_bytes(lowered.data)
        forms = {f"recurrence {number}": form for number, form in enumerate(lowered.forms, 1)}
        facts = {"forms": forms, "int8_scheme": lowered.int8_scheme}
        if calibrates:
            facts |= {"calibration": self.calibration.facts(), "kept_inputs": dict(lowered.kept_inputs)}
        return facts

    def _lowered(self, target: str) -> Lowered:
        request = self.request
        lowered = self._in_form(request.form, target, request.size_budget)
        if target != "int8" or request.form != "auto" or "unrolled" not in lowered.forms:
            return lowered
        # The scales of every step's tensors can take more than the weights save.
        made = self.place.size("float32")
        if len(lowered.data) <= (made if made is not None else len(self._in_form("auto", "float32", None).data)):
            return lowered
        looped = self._in_form("blocked", target, request.size_budget)
        return min(lowered, looped, key=lambda file: len(file.data))

    def _in_form(self, form: str, target: str, budget: int | None) -> Lowered:
        """All parts in one file."""
        return join({name: self._part(name, form, target, budget) for name in self.source.parts})

    def _part(self, name: str, form: str, target: str, budget: int | None) -> Lowered:
        part, source, manifest = self.source.parts[name], self.source, self.place.manifest
        listed = manifest["parts"][name]
        return lower(
            part.model,
            {
                key: (tuple(facts["shape"]), facts["dtype"])
                for key, facts in {**listed["inputs"], **listed.get("state", {})}.items()
            },
            target,
            calibration=self._recorded[name] if target in CALIBRATED else None,
            form=form,
            runtime=self.request.runtime,
            size_budget=budget,
            int8_io=ends(self.request, manifest, name),
            converter=self.converter,
            signature=name,
            stream=source.stream if name == PART else None,
            kinds=kinds_in(manifest, name),
            islands=source.spec is None,
        )

    @cached_property
    def _recorded(self) -> Mapping[str, Mapping[str, np.ndarray]]:
        """What each part is given where the decode loop answers the calibration examples."""
        models = {name: part.model for name, part in self.source.parts.items()}
        return part_inputs(self.place.manifest, models, self.calibration.inputs)


def ends(request: Request, manifest: dict, name: str) -> dict[str, str | None]:
    """What the float inputs and outputs of a part of an `int8` file become, by name; see `lower`.

    States stay float32: what is handed on from step to step would be rounded at each.
    """
    part = manifest["parts"][name]
    states = dict.fromkeys(part.get("state", ()))
    if request.int8_io:
        asked = None if request.int8_io == "float32" else request.int8_io
        return dict.fromkeys([*part["inputs"], *part["outputs"]], asked) | states
    usual = "int8" if manifest["family"] else AUTO
    inputs = {key: "uint8" if facts["kind"] == "image" else usual for key, facts in part["inputs"].items()}
    return inputs | dict.fromkeys(part["outputs"], "int8") | states


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
