"""The READMEs that are rendered from cards, on disk: writing them, and noticing when one is out of date."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from zoo.bundle import Bundle, load_bundle, update_files
from zoo.errors import BundleError, GateError
from zoo.paths import shipped
from zoo.verify.cards.render import bundle_readme, project_readme

README = "README.md"


def shipped_bundles() -> list[Bundle]:
    """The bundles that ship with this distribution, by name."""
    return [load_bundle(path.parent) for path in sorted(shipped("saved_models").glob("[!.]*/manifest.json"))]


def of(bundle: Bundle) -> str:
    """The README of a bundle as its card has it now.

    Raises:
        BundleError: the bundle has no card.
    """
    if not bundle.card:
        raise BundleError(f"`{bundle.name}` has no card.json", "`zoo export` writes one")
    return bundle_readme(bundle.card)


def write(bundles: Sequence[Bundle]) -> list[Path]:
    """Renders what is out of date, the project's table included; returns the files that were written."""
    written = []
    for bundle in bundles:
        text = of(bundle)
        if _written(bundle) != text:
            update_files(bundle, {README: text.encode()})
            written.append(bundle.path / README)
    for path, text in _project(bundles):
        if path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            written.append(path)
    return written


def check(bundles: Sequence[Bundle]) -> None:
    """Does nothing if all READMEs are what their cards say.

    Raises:
        GateError: some are not.
    """
    stale = [bundle.path / README for bundle in bundles if _written(bundle) != of(bundle)]
    stale += [path for path, text in _project(bundles) if path.read_text("utf-8") != text]
    if stale:
        names = ", ".join(f"`{path}`" for path in stale)
        raise GateError(f"out of date with their cards: {names}", "`zoo card --write` renders them anew")


def _written(bundle: Bundle) -> str | None:
    return bundle.file(README).read_text("utf-8") if README in bundle.manifest["files"] else None


def _project(bundles: Sequence[Bundle]) -> Iterator[tuple[Path, str]]:
    """(path, text as it should be) of the project's README, in a checkout, where one of the bundles is in its table."""
    folder = shipped("saved_models")
    path = folder.parent / README
    if path.exists() and any(bundle.path.resolve().parent == folder.resolve() for bundle in bundles):
        yield path, project_readme(path.read_text("utf-8"), [bundle.card for bundle in shipped_bundles()])
