"""What can be exported, brought to one form: a registered model, a training of one, a run, or anybody's Keras model."""

import os
import re
import shutil
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import keras

from zoo._keras import save_weights
from zoo.bundle import Bundle
from zoo.data import DataSet
from zoo.errors import ConversionError, InputError
from zoo.export.blame import blaming
from zoo.export.intake.meaning import NOTHING, Meaning
from zoo.export.intake.refusals import all_layers, refuse
from zoo.export.intake.request import Request
from zoo.export.intake.shapes import fixed_shapes
from zoo.export.streaming.part import StreamPart, stream_of
from zoo.families import PREDICT, Origin, Part, create_model, load_model, origin_of, parts
from zoo.open_any import RunFolder, open_any
from zoo.registry import Spec, get_spec
from zoo.sources.built import Builder, load_weights_into
from zoo.sources.deployed import deployed
from zoo.sources.foreign import refuse_foreign
from zoo.sources.graphs.live import is_traced, traced, why_not_as_it_is
from zoo.sources.graphs.saved_model import is_saved_model, load_saved_model
from zoo.sources.h5_file import SUFFIXES, load_h5_file
from zoo.sources.keras_file import is_by_keras_2, load_keras_file
from zoo.sources.said import said_by
from zoo.training import load_recipe, load_run
from zoo.training.recipe import Recipe
from zoo.training.recipe.subject import subject_of

PART, STREAM = PREDICT, "stream"


@dataclass(frozen=True)
class Source:
    """A model to export, and where it came from."""

    name: str
    """What the bundle will be called."""
    model: keras.Model
    """Functional, from a dict of named inputs to a dict of named outputs; never an object of the caller's."""
    files: Mapping[str, Path]
    """What the bundle holds beside the artifacts, by its name there."""
    spec: Spec | None = None
    """The registry's entry; None for a user's model."""
    recipe: Recipe | None = None
    """What trained the weights; None where nobody knows."""
    training: Mapping | None = None
    """The card's block of that name."""
    family_parts: Mapping[str, Part] = field(default_factory=dict)
    """The parts that the family makes of the model; without any it is one part, `predict`."""
    stream: StreamPart | None = None
    """The part `stream`, where it was asked for."""
    meaning: Meaning = NOTHING
    """What the user of a model that is not the zoo's says of its outputs."""
    origin: Origin | None = None
    """What is known of a model that was loaded from a bundle, and then changed or trained on."""

    @property
    def parts(self) -> Mapping[str, Part]:
        """The parts by name, but `stream`."""
        return self.family_parts or {PART: Part(self.model)}

    @property
    def tag(self) -> str | None:
        """The training that the weights are of."""
        return self.name.partition(".")[2] or None if self.spec else None

    @property
    def data(self) -> DataSet | None:
        """The data set of the training, as the model takes it."""
        return subject_of(self.recipe).data if self.recipe else None


def open_source(
    model: object, name: str | None, request: Request, scratch: Path, builder: Builder | None = None
) -> Source:
    """Loads what is to be exported, and refuses what cannot be.

    Args:
        model: `name`, `name.tag`, the folder of a run or of a bundle, the path of a `.keras` file or of a Keras 2 `.h5`
            file, the folder of a SavedModel, or a Keras model.
        name: of the bundle, for a user's model.
        request: what is to be made of it.
        scratch: a folder for files on their way into the bundle.
        builder: of the model whose weights alone `model` is.

    Raises:
        UnknownNameError, InputError, BundleError, ConversionError: see `zoo.export.export_model`.
    """
    if isinstance(model, keras.Model):
        with keras.saving.custom_object_scope(_own_classes(model)):
            asked = _as_loaded(origin_of(model), request)
            if layer := next(filter(is_traced, all_layers(model)), None):
                return _of_live(model, layer, name or model.name, asked, scratch)
            source = _of_user(_save(model, scratch / "source.keras"), name or model.name, asked)
            return replace(source, origin=origin_of(model))
    if not isinstance(model, str | os.PathLike):
        raise InputError(
            f"a {type(model).__name__} cannot be exported: expected a name, a run, a `.keras` file or a Keras model"
        )
    path = Path(model)
    if builder is not None:
        loaded = load_weights_into(builder, path)
        return _of_user(_save(loaded, scratch / "source.keras"), name or path.name.partition(".")[0], request)
    if path.suffix == ".keras":
        file = _copy(path, scratch / path.name)  # errors name it as its user does
        if is_by_keras_2(file):
            file = _save(load_keras_file(file), scratch / "source.keras")
        return _of_user(file, name or path.stem, request)
    if path.suffix in SUFFIXES:
        loaded = load_h5_file(path)
        return _of_user(_save(loaded, scratch / "source.keras"), name or path.stem, request)
    if is_saved_model(path):
        loaded = load_saved_model(path)
        return _of_user(_save(loaded, scratch / "source.keras"), name or path.resolve().name, request)
    source = _of_zoo(model, path, name, request, scratch)
    if name is not None and source.spec is not None:
        raise InputError(
            f"`{source.name}` is a model of the zoo and keeps its name, found `name={name}`", "leave `--name` out"
        )
    return source


def bundle_name(name: str) -> str:
    """A name as bundles have it: `My Model-v2` becomes `my_model_v2`.

    Raises:
        InputError: nothing is left of it.
    """
    cleaned = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    if not cleaned:
        raise InputError(
            f"no bundle can be called `{name}`: expected letters a-z, digits and `_`", "`--name my_model` names it"
        )
    return cleaned[:200]


def _of_zoo(model: str | os.PathLike, path: Path, name: str | None, request: Request, scratch: Path) -> Source:
    if not path.is_dir():
        refuse_foreign(path)
        if path.exists() or os.sep in str(model):
            found = "a file" if path.exists() else "nothing"
            raise InputError(
                f"`{model}` cannot be exported: found {found}, expected a run, a bundle or a `.keras` file"
            )
    match open_any(model):
        case Bundle() as bundle:
            return _of_bundle(bundle, name, request, scratch)
        case RunFolder(folder):
            return _of_run(folder, request)
        case spec:
            return _untrained(spec, request, scratch)


def _of_run(path: Path, request: Request) -> Source:
    run = load_run(path)
    files = {"recipe.yaml": path / "recipe.yaml", "model.weights.h5": path / "model.weights.h5"}
    spec = subject_of(run.recipe).spec
    return _ours(Source(run.full_name, run.model(), files, spec, run.recipe, run.training), request)


def _of_bundle(bundle: Bundle, name: str | None, request: Request, scratch: Path) -> Source:
    """Exports a bundle again: its own files are copied first, since the new bundle may take its place."""
    if bundle.family is None:
        source = _copy(bundle.file(bundle.manifest["source"]), scratch / "source.keras")
        return _of_user(source, name or bundle.name, _as_before(bundle, request))
    kept = [file for file in ("recipe.yaml", "model.weights.h5") if file in bundle.manifest["files"]]
    files = {file: _copy(bundle.file(file), scratch / file) for file in kept}
    recipe = load_recipe(files["recipe.yaml"]) if "recipe.yaml" in files else None
    spec = replace(get_spec(bundle.manifest["model"]), arguments=bundle.manifest["build"])
    return _ours(
        Source(bundle.name, load_model(bundle.path), files, spec, recipe, bundle.card.get("training")), request
    )


def _as_loaded(origin: Origin | None, request: Request) -> Request:
    """What the bundle says that a model was loaded from holds unless something else is said now."""
    if origin is None or request.meaning != NOTHING:
        return request
    return replace(request, meaning=Meaning(origin.task, origin.labels))


def _as_before(bundle: Bundle, request: Request) -> Request:
    """What was said of a user's model when it was exported holds unless something else is said now."""
    if request.meaning != NOTHING:
        return request
    return replace(request, meaning=Meaning(bundle.task, bundle.labels))


def _untrained(spec: Spec, request: Request, scratch: Path) -> Source:
    model = create_model(spec.name)
    save_weights(model, scratch / "model.weights.h5")
    return _ours(Source(spec.name, model, {"model.weights.h5": scratch / "model.weights.h5"}, spec), request)


def _ours(source: Source, request: Request) -> Source:
    """A model of the zoo: already named, stateless and float32."""
    if request.meaning != NOTHING:
        raise InputError(
            f"`{source.name}` is a model of the zoo, whose outputs are known: found `task` or `labels`",
            "leave `--task` and `--labels` out",
        )
    made = parts(source.spec, source.model)
    for part in made.values():
        refuse(part.model, request)
    if PART in made:
        return replace(source, family_parts=made, stream=_stream(made[PART].model, request))
    if request.chunk is not None:
        raise ConversionError(
            f"`{source.name}` cannot stream: it answers by the parts {', '.join(made)}, expected one part `{PART}`",
            "leave `--stream` out",
        )
    return replace(source, family_parts=made)


def _of_user(file: Path, name: str, request: Request) -> Source:
    """A model that is not the zoo's, from a copy of its file: the user's own stays as it was, whatever is done here."""
    model = load_keras_file(file)
    refuse(model, request)
    model = _fixed(model, request)
    stream = _stream(model, request)
    return Source(bundle_name(name), model, {"source.keras": file}, stream=stream, meaning=request.meaning)


def _of_live(model: keras.Model, layer: keras.Layer, name: str, request: Request, scratch: Path) -> Source:
    """A model object that holds code of this process: `layer`, the first of its kind.

    It is exported as it is; what its bundle is compared with later is its traced graph.
    """
    refuse(model, request)
    if reason := why_not_as_it_is(model):
        raise ConversionError(
            f"model `{model.name}` can be neither saved nor exported as it is: layer `{layer.name}`, a "
            f"{type(layer).__name__}, is code of this process, and {reason}",
            f"a `get_config` of `{layer.name}` that returns the arguments of its `__init__`, or `keras.ops` in a "
            "functional model in its place",
        )
    live = _fixed(model, request)
    stream = _stream(live, request)
    file = _save(traced(live), scratch / "source.keras")
    return Source(bundle_name(name), live, {"source.keras": file}, stream=stream, meaning=request.meaning)


def _fixed(model: keras.Model, request: Request) -> keras.Model:
    """The deployed form for the shapes that were asked for, which may not be what a layer takes."""
    shapes = fixed_shapes(model, request)
    try:
        with blaming() as blame:
            return deployed(model, shapes)
    except Exception as error:  # whatever Keras raises for a shape
        if blame.operation is None or (request.length is None and request.shapes is None):
            raise
        given = ", ".join(f"`{name}` {shape}" for name, shape in shapes.items())
        raise InputError(
            f"{blame.said(error)}; its model was given inputs of {given}",
            "another `--length` or `--shape` suits it, or a layer that takes any: `Reshape((-1, 8))`, a pooling over "
            "the axis",
        ) from error


def _stream(model: keras.Model, request: Request) -> StreamPart | None:
    return None if request.chunk is None else stream_of(model, request.chunk)


def _own_classes(model: keras.Model) -> dict[str, type]:
    """The classes of a model's layers that are not Keras's, by name: with the model itself they are at hand."""
    kinds = {type(layer) for layer in (model, *all_layers(model))}
    return {kind.__name__: kind for kind in kinds if not kind.__module__.startswith("keras.")}


def _save(model: keras.Model, path: Path) -> Path:
    """Raises: ConversionError: the model cannot be saved."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about unbuilt models, which are refused in our own words
            model.save(path)
    except Exception as error:  # whatever Keras raises
        raise ConversionError(f"model `{model.name}` cannot be saved: {said_by(error)}") from error
    return path


def _copy(source: Path, target: Path) -> Path:
    """The file as it is now; it cannot change between the check and the loading."""
    if not source.is_file():
        found = "is a folder" if source.is_dir() else "does not exist"
        raise InputError(f"not a `.keras` file: `{source}` {found}", '`model.save("model.keras")` writes one')
    return Path(shutil.copyfile(source, target))
