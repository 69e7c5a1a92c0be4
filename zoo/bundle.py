"""A bundle on disk: one folder a `name.tag`, with a manifest that names and hashes every other file in it.

    bundle = load_bundle("resnet8.cifar10")
    path = bundle.artifact("int8")              # checked against the manifest before anybody reads it

Bundles of strangers are data.  A file is handed out only after its path was found to stay inside the bundle, through no
link, and its size and SHA-256 to be what the manifest says.  A bundle is written whole or not at all.
"""

import functools
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from zoo import _card, _manifest
from zoo._durable import sync, sync_tree
from zoo._in_place import folder_beside, put_in_place
from zoo.errors import BundleError, InputError, UnknownNameError
from zoo.registry import bundle_roots, unknown

TARGETS = ("saved_model", "float32", "float16", "dynamic_int8", "int8", "int16x8")
"""The kinds of artifact, in the order in which they are listed everywhere."""
USUAL_TARGETS = TARGETS[:-1]
"""Those that every device can use; int16x8 has no fast kernels and serves feed-forward models alone."""

_AGAIN = "the bundle is damaged or was changed; get it again, or export it again"


def ignore(stage: str, done: int, total: int) -> None:
    """The progress report that shows nothing; long functions take any function of this form as `report`."""


@dataclass(frozen=True)
class Bundle:
    """An opened bundle: its manifest has been checked, its files are checked as they are asked for."""

    path: Path
    manifest: Mapping
    _checked: dict = field(default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        """`resnet8.cifar10`; any name where the model is a user's own."""
        return self.manifest["name"]

    @property
    def task(self) -> str | None:
        return self.manifest["task"]

    @property
    def family(self) -> str | None:
        """The family that builds the model; None for a user's own model."""
        return self.manifest["family"]

    @property
    def labels(self) -> tuple[str, ...] | None:
        """What each class is called, in the order of the logits."""
        labels = self.manifest["labels"]
        return None if labels is None else tuple(labels)

    @property
    def parts(self) -> Mapping[str, Mapping]:
        """`{part: {"inputs": {name: ...}, "outputs": {name: ...}}}`; a part is a signature of every artifact."""
        return self.manifest["parts"]

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets whose artifact is here and passed its gates.

        A SavedModel that was left out (as the wheel does) is not among them.
        """
        return tuple(target for target in self._here if target not in self.failed)

    @property
    def failed(self) -> Mapping[str, str]:
        """By target whose artifact failed its gates and was kept on request, the measured reason."""
        listed = self.manifest["artifacts"]
        return {target: listed[target]["failed"] for target in self._here if "failed" in listed[target]}

    @property
    def _here(self) -> tuple[str, ...]:
        listed = self.manifest["artifacts"]
        known = [target for target in TARGETS if target in listed]
        return tuple(name for name in known if name != "saved_model" or (self.path / listed[name]["file"]).exists())

    @functools.cached_property
    def card(self) -> Mapping:
        """The measured facts of `card.json`, empty where the bundle has none.

        Raises:
            BundleError: it is not the file that the manifest lists, or not a card.
        """
        if "card.json" not in self.manifest["files"]:
            return {}
        path = self.file("card.json")
        try:
            card = json.loads(path.read_bytes())
        except (ValueError, RecursionError) as error:
            raise BundleError(f"`{path}` is not a card: {error}", _AGAIN) from None
        _card.check(card, str(path))
        return card

    def file(self, relative: str) -> Path:
        """The path of a file of the bundle, after its place, size and SHA-256 were found to be what the manifest says.

        Raises:
            BundleError: it is not listed, missing, not a plain file, reached through a link, or not as listed.
        """
        expected = self.manifest["files"].get(relative)
        if expected is None:
            raise BundleError(f"`{self.path / 'manifest.json'}` lists no file `{relative}`", _AGAIN)
        found = _plain_file(self.path, relative)
        identity = (found.st_ino, found.st_size, found.st_mtime_ns)
        if self._checked.get(relative) != identity:
            _check_content(self.path / relative, found.st_size, expected)
            self._checked[relative] = identity
        return self.path / relative

    def artifact(self, target: str) -> Path:
        """The file (or, for `saved_model`, the folder) of a target, one that `failed` too, checked as `file` does.

        Raises:
            UnknownNameError: the bundle ships no such target; the message says why if the card does.
            BundleError: see `file`.
        """
        if target not in self._here:
            raise self._not_shipped(target)
        path = self.manifest["artifacts"][target]["file"]
        for name in _manifest.files_of(self.manifest, path):
            self.file(name)
        _refuse_unlisted(self.path, path, self.manifest["files"])
        return self.path / path

    def _not_shipped(self, target: str) -> UnknownNameError:
        shipped = ", ".join(self.targets) or "none"
        message = f"`{self.name}` ships no artifact for the target `{target}`: it has {shipped}"
        if self.failed:
            kept = ", ".join(f"`{name}`" for name in self.failed)
            message += f", and keeps {kept}, which failed its gates and is run if it is asked for by name"
        if reason := self.card.get("artifacts", {}).get(target, {}).get("reason"):
            return UnknownNameError(f"{message}; `{target}` is disabled, as measured: {reason}")
        if target == "saved_model" and target in self.manifest["artifacts"]:
            return UnknownNameError(message, "the SavedModel is in the project's repository, not in the wheel")
        return UnknownNameError(message)


def load_bundle(name_or_path: str | os.PathLike) -> Bundle:
    """Opens a bundle by path or by name, and checks its manifest; other files are checked when they are asked for.

    Names are looked for in `$ZOO_HOME`, the user's cache and the shipped bundles, in this order.

    Raises:
        UnknownNameError: there is no bundle of that name.
        BundleError: it is no bundle, or its manifest is not what it must be.
    """
    path = Path(name_or_path)
    if not (path / "manifest.json").exists():
        path = _find(name_or_path) if _manifest.NAME.holds(name_or_path) else path
    manifest = _read_manifest(path)
    return Bundle(path, manifest)


@contextmanager
def write_bundle(out: str | os.PathLike, name: str, manifest: dict) -> Iterator[Path]:
    """Writes the bundle `out/name` whole or not at all.

    Yields a new folder to put the files in.  When the block ends, `manifest` (which it may still fill in) is given
    `schema`, `name` and `files`, is checked and written, and the folder takes its place; a bundle that stood there is
    replaced.  If anything fails, nothing is left and nothing is changed.

    Raises:
        BundleError: the manifest is not what it must be, the folder holds a link, or what stands there is no bundle.
        InputError: nothing can be written to `out`; this is found before the block is entered.
    """
    if not _manifest.NAME.holds(name):
        raise BundleError(f"a bundle cannot be called `{name}`: expected {_manifest.NAME.words}")
    final = Path(out) / name
    if final.exists() and not (final / "manifest.json").is_file():
        raise BundleError(f"`{final}` is not a bundle: it would be replaced", "give another name or another folder")
    with _replacing(final) as folder:
        yield folder
        (folder / "manifest.json").unlink(missing_ok=True)
        manifest |= {"schema": _manifest.SCHEMA, "name": name, "files": _measure_files(folder)}
        _write_manifest(folder, manifest)


def update_files(bundle: Bundle, files: Mapping[str, bytes]) -> Bundle:
    """Replaces or adds files (a card, a README) of a bundle, all or none; the others keep their listed hash.

    Raises:
        BundleError: a path leaves the bundle, or the bundle holds a link.
    """
    listed = {name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()}
    manifest = {**bundle.manifest, "files": {**bundle.manifest["files"], **listed}}
    with _replacing(bundle.path.resolve()) as folder:
        shutil.copytree(bundle.path, folder, symlinks=True, dirs_exist_ok=True)
        _refuse_links(folder)
        _write_manifest(folder, manifest)
        for name, data in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
    return load_bundle(bundle.path)


def _find(name: str) -> Path:
    roots = bundle_roots()
    for root in roots:
        if (root / name / "manifest.json").exists():
            return root / name
    known = {path.parent.name for root in roots for path in root.glob("[!.]*/manifest.json")}
    places = ", ".join(f"`{root}`" for root in roots)
    raise unknown("bundle", name, known, f"bundles are looked for in {places}")


def _read_manifest(path: Path) -> dict:
    where = path / "manifest.json"
    if not where.exists():
        found = "a folder without `manifest.json`" if path.is_dir() else "a file" if path.exists() else "nothing"
        raise BundleError(f"`{path}` is not a bundle: found {found}", "`zoo list --pretrained` shows all")
    if (size := _plain_file(path, "manifest.json").st_size) > _manifest.LIMIT:
        raise BundleError(f"`{where}` has {size:,} bytes: expected {_manifest.LIMIT:,} at most")
    return _manifest.parse(where.read_bytes(), str(where))


def _write_manifest(folder: Path, manifest: dict) -> None:
    _manifest.check(manifest, str(folder / "manifest.json"))
    text = json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / "manifest.json").write_text(text + "\n", "utf-8")


def _plain_file(folder: Path, relative: str) -> os.stat_result:
    """The status of a file below `folder`, which may be reached through no link and must be a plain file."""
    path = folder
    for part in relative.split("/"):
        path = path / part
        try:
            status = path.lstat()
        except OSError:
            raise BundleError(f"`{folder / relative}` is missing: its manifest lists it", _AGAIN) from None
        if stat.S_ISLNK(status.st_mode):
            raise BundleError(f"`{path}` is a link: a bundle holds plain files and folders alone", _AGAIN)
    if not stat.S_ISREG(status.st_mode):
        raise BundleError(f"`{path}` is not a plain file: its manifest lists it as one", _AGAIN)
    return status


def _check_content(path: Path, size: int, expected: Mapping) -> None:
    if size != expected["bytes"]:
        raise BundleError(f"`{path}` has the wrong size: found {size:,} bytes, expected {expected['bytes']:,}", _AGAIN)
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected["sha256"]:
        raise BundleError(f"`{path}` has the wrong SHA-256: found {found}, expected {expected['sha256']}", _AGAIN)


def _refuse_unlisted(folder: Path, relative: str, listed: Mapping) -> None:
    """A folder that is read as a whole (a SavedModel) may hold nothing that the manifest does not list."""
    for path in (folder / relative).rglob("*"):
        name = path.relative_to(folder).as_posix()
        if name not in listed and not path.is_dir():
            raise BundleError(f"`{path}` is not listed in the bundle's manifest", _AGAIN)


def _refuse_links(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_symlink():
            raise BundleError(f"`{path}` is a link: a bundle holds plain files and folders alone", _AGAIN)


def _measure_files(folder: Path) -> dict[str, dict]:
    """`{relative path: {"bytes", "sha256"}}` of all files below a folder, sorted."""
    _refuse_links(folder)
    measured = {}
    for path in sorted(path for path in folder.rglob("*") if not path.is_dir()):
        name = path.relative_to(folder).as_posix()
        size = _plain_file(folder, name).st_size
        with path.open("rb") as file:
            measured[name] = {"bytes": size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}
    return measured


@contextmanager
def _replacing(final: Path) -> Iterator[Path]:
    """A new folder that takes the place of `final` when the block ends well, and is removed when it does not."""
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(folder_beside(final))
        except OSError as error:
            raise InputError(
                f"`{final.parent}` cannot be written: {error.strerror}", "choose another folder"
            ) from error
        yield folder
        sync_tree(folder)
        put_in_place(folder, final)
        sync(final.parent)
