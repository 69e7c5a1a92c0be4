"""An opened bundle: its manifest has been checked, its files are checked as they are asked for."""

import functools
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from zoo.bundle import card as cards
from zoo.bundle import manifest as manifests
from zoo.bundle.integrity import AGAIN, check_content, plain_file, refuse_unlisted
from zoo.errors import BundleError, UnknownNameError, unknown
from zoo.paths import bundle_roots
from zoo.targets import TARGETS


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
        """What each class of the first answer that is a choice is called, in the order of its numbers."""
        labels = next((answer["labels"] for answer in self.manifest["answers"].values() if "labels" in answer), None)
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
            raise BundleError(f"`{path}` is not a card: {error}", AGAIN) from None
        cards.check(card, str(path))
        return card

    def file(self, relative: str) -> Path:
        """The path of a file of the bundle, after its place, size and SHA-256 were found to be what the manifest says.

        Raises:
            BundleError: it is not listed, missing, not a plain file, reached through a link, or not as listed.
        """
        expected = self.manifest["files"].get(relative)
        if expected is None:
            raise BundleError(f"`{self.path / 'manifest.json'}` lists no file `{relative}`", AGAIN)
        found = plain_file(self.path, relative)
        identity = (found.st_ino, found.st_size, found.st_mtime_ns)
        if self._checked.get(relative) != identity:
            check_content(self.path / relative, found.st_size, expected)
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
        for name in manifests.files_of(self.manifest, path):
            self.file(name)
        refuse_unlisted(self.path, path, self.manifest["files"])
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
        path = _find(name_or_path) if manifests.NAME.holds(name_or_path) else path
    manifest = _read_manifest(path)
    return Bundle(path, manifest)


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
    if (size := plain_file(path, "manifest.json").st_size) > manifests.LIMIT:
        raise BundleError(f"`{where}` has {size:,} bytes: expected {manifests.LIMIT:,} at most")
    return manifests.parse(where.read_bytes(), str(where))
