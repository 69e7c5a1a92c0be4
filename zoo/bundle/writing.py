"""Writing a bundle, or some of its files: all or nothing, whenever the process dies."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from zoo._system.durable import sync, sync_tree
from zoo._system.in_place import folder_beside, put_in_place
from zoo.bundle import manifest as manifests
from zoo.bundle.integrity import measure_files, refuse_links
from zoo.bundle.opening import Bundle, load_bundle
from zoo.errors import BundleError, InputError


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
    if not manifests.NAME.holds(name):
        raise BundleError(f"a bundle cannot be called `{name}`: expected {manifests.NAME.words}")
    final = Path(out) / name
    if final.exists() and not (final / "manifest.json").is_file():
        raise BundleError(f"`{final}` is not a bundle: it would be replaced", "give another name or another folder")
    with _replacing(final) as folder:
        yield folder
        (folder / "manifest.json").unlink(missing_ok=True)
        manifest |= {"schema": manifests.SCHEMA, "name": name, "files": measure_files(folder)}
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
        refuse_links(folder)
        _write_manifest(folder, manifest)
        for name, data in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
    return load_bundle(bundle.path)


def _write_manifest(folder: Path, manifest: dict) -> None:
    manifests.check(manifest, str(folder / "manifest.json"))
    text = json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / "manifest.json").write_text(text + "\n", "utf-8")


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
