"""Every way in which a bundle can be damaged or forged is a sentence, and nothing is read before it was checked."""

import json
import os
import shutil

import pytest
from make import put

from zoo.bundle import load_bundle, update_files
from zoo.errors import BundleError

SHA = "0" * 64
FORGED = {
    "newer schema": (put("schema", value=3), "is of schema 3: this version of the zoo reads schemas 1 to 2"),
    "schema of another type": (put("schema", value=True), "at `schema`: found true, expected one of 2"),
    "name that is a path": (put("name", value="../sun.rise"), 'at `name`: found "../sun.rise", expected a name'),
    "missing key": (put("parts", value=...), "the key `parts` is missing"),
    "unknown key": (put("artefacts", value={}), "unknown key `artefacts`; the nearest are artifacts"),
    "unknown key deep inside": (
        put("parts", "predict", "inputs", "image", "fitt", value={}),
        "at `parts > predict > inputs > image`: unknown key `fitt`",
    ),
    "text for a list": (
        put("answers", "logits", "labels", value="day"),
        'at `answers > logits > labels`: found "day", expected a list of different texts',
    ),
    "a label twice": (put("answers", "logits", "labels", value=["day", "day"]), "expected a list of different texts"),
    "list for an object": (put("parts", value=[]), r"at `parts`: found \[\], expected an object"),
    "shape of text": (put("parts", "predict", "inputs", "image", "shape", value="4x4"), "expected a list"),
    "shape of zero": (
        put("parts", "predict", "inputs", "image", "shape", value=[1, 0]),
        "found 0, expected a whole number, 1",
    ),
    "turned range": (put("parts", "predict", "inputs", "image", "range", value=[2, 1]), "expected two finite numbers"),
    "unknown dtype": (put("parts", "predict", "outputs", "logits", "dtype", value="object"), "expected one of float32"),
    "infinite scale": (
        put("artifacts", "int8", "quantization", "predict", "image", "scale", value=float("inf")),
        "found Infinity, expected a finite number",
    ),
    "negative size": (put("files", "int8.tflite", "bytes", value=-1), "found -1, expected a whole number, 0 or more"),
    "hash of another form": (put("files", "int8.tflite", "sha256", value="abc"), "expected 64 hexadecimal digits"),
    "artifact outside": (put("artifacts", "int8", "file", value="../x"), 'found "../x", expected a relative path'),
    "no arguments to build by": (put("build", value=...), "of the family `star` is built by `build`: found none"),
    "no model to build": (put("model", value=None), "of the family `star` is built by `model`: found none"),
    "neither family nor source": (put("family", value=None), "`source` names none under `files`"),
    "source not listed": (
        lambda manifest: manifest.update(family=None, source="source.keras"),
        "`source` names none under `files`",
    ),
    "artifact not listed": (put("artifacts", "int8", "file", value="x"), "no file of the artifact `int8`"),
    **{
        f"file {path!r}": (put("files", path, value={"bytes": 1, "sha256": SHA}), "stays inside the bundle")
        for path in ["../x", "/etc/passwd", "a/../../x", "./x", "a//x", "", "..", "a\\x", "C:x", "a\0b"]
    },
}


@pytest.mark.parametrize("case", FORGED)
def test_a_forged_manifest_is_refused(forge, case):
    change, message = FORGED[case]
    path = forge(change)
    with pytest.raises(BundleError, match=message) as caught:
        load_bundle(path)
    assert str(path / "manifest.json") in caught.value.message


NO_JSON = {
    "not JSON": b"{schema: 1}",
    "cut short": b'{"schema": 1, "name"',
    "not UTF-8": b'{"schema": "\xff\xfe"}',
    "a key twice": b'{"schema": 1, "schema": 1}',
    "too deep": b"[" * 100_000,
    "empty": b"",
}


@pytest.mark.parametrize("case", NO_JSON)
def test_a_manifest_that_is_no_json_is_refused(bundle, case):
    (bundle.path / "manifest.json").write_bytes(NO_JSON[case])
    with pytest.raises(BundleError, match="is not JSON"):
        load_bundle(bundle.path)


@pytest.mark.parametrize("value", ["null", "7", "[]", '"text"'])
def test_a_manifest_that_is_no_object_is_refused(bundle, value):
    (bundle.path / "manifest.json").write_text(value)
    with pytest.raises(BundleError, match="expected an object of named values"):
        load_bundle(bundle.path)


def test_a_manifest_of_absurd_size_is_not_read(bundle):
    os.truncate(bundle.path / "manifest.json", 10**10)
    with pytest.raises(BundleError, match="has 10,000,000,000 bytes: expected 67,108,864 at most"):
        load_bundle(bundle.path)


def truncated(path):
    os.truncate(path, 5)


def changed(path):
    path.write_bytes(path.read_bytes()[::-1])


def missing(path):
    path.unlink()


def linked(path):
    path.rename(path.with_suffix(".elsewhere"))
    path.symlink_to(path.with_suffix(".elsewhere"))


def turned_into_a_folder(path):
    path.unlink()
    path.mkdir()


def turned_into_a_pipe(path):
    path.unlink()
    os.mkfifo(path)


DAMAGE = {
    truncated: "wrong size: found 5 bytes, expected 19",
    changed: "wrong SHA-256: found [0-9a-f]{64}, expected [0-9a-f]{64}",
    missing: "is missing",
    linked: "is a link",
    turned_into_a_folder: "is not a plain file",
    turned_into_a_pipe: "is not a plain file",
}


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_a_damaged_file_is_refused(bundle, damage):
    damage(bundle.path / "int8.tflite")
    with pytest.raises(BundleError, match=DAMAGE[damage]) as caught:
        bundle.artifact("int8")
    assert str(bundle.path / "int8.tflite") in caught.value.message
    assert bundle.artifact("float32").exists()


def test_a_file_that_changes_after_it_was_checked_is_checked_again(bundle):
    path = bundle.artifact("int8")
    path.write_bytes(b"others of this size")
    with pytest.raises(BundleError, match="wrong SHA-256"):
        bundle.artifact("int8")


def test_a_link_in_the_middle_of_a_path_is_refused(bundle, tmp_path):
    shutil.move(bundle.path / "saved_model" / "variables", tmp_path / "variables")
    (bundle.path / "saved_model" / "variables").symlink_to(tmp_path / "variables")
    with pytest.raises(BundleError, match="variables` is a link"):
        bundle.artifact("saved_model")


def test_the_manifest_itself_is_no_link(bundle, tmp_path):
    shutil.move(bundle.path / "manifest.json", tmp_path / "manifest.json")
    (bundle.path / "manifest.json").symlink_to(tmp_path / "manifest.json")
    with pytest.raises(BundleError, match=r"manifest\.json` is a link"):
        load_bundle(bundle.path)


def test_a_saved_model_holds_listed_files_alone(bundle):
    (bundle.path / "saved_model" / "fingerprint.pb").write_bytes(b"more")
    with pytest.raises(BundleError, match=r"fingerprint\.pb` is not listed"):
        bundle.artifact("saved_model")


@pytest.mark.parametrize("path", ["../roots/sun.rise/int8.tflite", "/etc/passwd", "other.tflite", "manifest.json"])
def test_only_listed_files_are_handed_out(bundle, path):
    with pytest.raises(BundleError, match="lists no file"):
        bundle.file(path)


def test_a_card_that_is_no_json_is_refused(bundle):
    with pytest.raises(BundleError, match="is not a card"):
        _ = update_files(bundle, {"card.json": b"{"}).card


SCORE = {"metrics": {"accuracy": 0.9}, "ci95": {"accuracy": [0.8, 1.0]}}
NO_CARD = {
    "a number": (lambda card: 7, "found 7, expected an object"),
    "nothing in it": (lambda card: {}, "the key `schema` is missing"),
    "no model": (put("model", value=...), "the key `model` is missing"),
    "model without a count": (put("model", "parameters", value=...), "at `model`: the key `parameters` is missing"),
    "artifact of nothing": (put("artifacts", "int8", value={}), "at `artifacts > int8`: the key `status` is missing"),
    "unknown status": (put("artifacts", "int16x8", "status", value="fine"), "expected one of passed, disabled"),
    "size in words": (put("artifacts", "int16x8", "bytes", value="small"), 'found "small", expected a whole number'),
    "scores of no data": (put("keras", value=SCORE), "does not say of which data"),
}


@pytest.mark.parametrize("case", NO_CARD)
def test_a_card_of_another_form_is_refused(bundle, card, case):
    change, message = NO_CARD[case]
    changed = change(card)
    spoilt = card if changed is None else changed
    with pytest.raises(BundleError, match=message) as caught:
        _ = update_files(bundle, {"card.json": json.dumps(spoilt).encode()}).card
    assert str(bundle.path / "card.json") in caught.value.message


def test_a_sound_manifest_survives_json(bundle):
    """The table of what is allowed allows what a writer writes."""
    assert json.loads((bundle.path / "manifest.json").read_bytes()) == bundle.manifest
