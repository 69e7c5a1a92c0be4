"""A bundle is written whole or not at all."""

import hashlib
import json

import pytest
from make import classes, fill
from small_bundle import FILES, NAME, write

from zoo.bundle import load_bundle, update_files, write_bundle
from zoo.errors import BundleError, UnknownNameError


def files_below(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_manifest_lists_every_file(bundle):
    listed = json.loads((bundle.path / "manifest.json").read_bytes())["files"]
    assert listed == {
        name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in FILES.items()
    }
    assert {path.name for path in bundle.path.parent.iterdir()} == {NAME}


def test_the_block_may_still_fill_in_the_manifest(tmp_path, manifest):
    artifacts = manifest.pop("artifacts")
    with write_bundle(tmp_path, NAME, manifest) as folder:
        fill(folder, FILES)
        manifest["artifacts"] = artifacts
    assert "int8" in load_bundle(tmp_path / NAME).targets


def divide_by_zero(folder):
    _ = 1 / 0


def test_a_failure_leaves_nothing(tmp_path, manifest):
    with pytest.raises(ZeroDivisionError):
        write(tmp_path / "out", manifest, spoil=divide_by_zero)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_failure_leaves_the_older_bundle(bundle, manifest):
    before = files_below(bundle.path.parent)
    with pytest.raises(ZeroDivisionError):
        write(bundle.path.parent, manifest, spoil=divide_by_zero)
    with pytest.raises(BundleError, match="at `answers`"):
        write(bundle.path.parent, manifest | {"answers": 7})
    assert files_below(bundle.path.parent) == before


def test_a_newer_bundle_takes_the_place_of_the_older(bundle, manifest):
    write(bundle.path.parent, manifest | {"answers": {"logits": classes()}})
    assert load_bundle(bundle.path).labels is None
    assert {path.name for path in bundle.path.parent.iterdir()} == {NAME}


def test_an_artifact_without_a_file_is_refused(tmp_path, manifest):
    some = {name: data for name, data in FILES.items() if name != "int8.tflite"}
    with pytest.raises(BundleError, match="no file of the artifact `int8`"):
        write(tmp_path, manifest, files=some)


def test_a_link_is_not_written(tmp_path, manifest):
    with pytest.raises(BundleError, match="is a link"):
        write(tmp_path / "out", manifest, spoil=lambda folder: (folder / "more").symlink_to(tmp_path))
    assert list((tmp_path / "out").iterdir()) == []


def test_only_a_bundle_is_replaced(tmp_path, manifest):
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "thesis.txt").write_text("years of work")
    with pytest.raises(BundleError, match="is not a bundle: it would be replaced"):
        write(tmp_path, manifest)
    assert (tmp_path / NAME / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".hidden", "/root"])
def test_a_name_is_no_path(tmp_path, manifest, name):
    with pytest.raises(BundleError, match="cannot be called"), write_bundle(tmp_path, name, manifest):
        pass


def test_a_card_is_added_and_rewritten(bundle, card):
    updated = update_files(bundle, {"card.json": json.dumps(card).encode(), "README.md": b"read me"})
    assert updated.card == card
    assert updated.file("README.md").read_bytes() == b"read me"
    newer = card | {"bundle": "moon.rise"}
    assert update_files(updated, {"card.json": json.dumps(newer).encode()}).card == newer
    assert updated.artifact("float32").read_bytes() == FILES["float32.tflite"]
    assert {path.name for path in bundle.path.parent.iterdir()} == {NAME}


def test_an_update_does_not_vouch_for_other_files(bundle):
    (bundle.path / "int8.tflite").write_bytes(b"weights of another!")
    updated = update_files(bundle, {"card.json": b"{}"})
    with pytest.raises(BundleError, match="wrong SHA-256"):
        updated.artifact("int8")


@pytest.mark.parametrize("path", ["../card.json", "/card.json", "a/../../b"])
def test_an_update_stays_inside(bundle, path):
    before = files_below(bundle.path.parent)
    with pytest.raises(BundleError, match="stays inside the bundle"):
        update_files(bundle, {path: b"out"})
    assert files_below(bundle.path.parent) == before


def test_an_update_follows_no_link(bundle, tmp_path):
    (tmp_path / "precious").write_bytes(b"mine")
    (bundle.path / "README.md").symlink_to(tmp_path / "precious")
    with pytest.raises(BundleError, match="is a link"):
        update_files(bundle, {"README.md": b"theirs"})
    assert (tmp_path / "precious").read_bytes() == b"mine"


def test_a_disabled_target_says_why(bundle, card):
    updated = update_files(bundle, {"card.json": json.dumps(card).encode()})
    with pytest.raises(UnknownNameError, match=r"`int16x8` is disabled, as measured: score drops"):
        updated.artifact("int16x8")
