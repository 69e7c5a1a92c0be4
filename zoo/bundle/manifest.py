"""What a bundle's `manifest.json` may hold: one table and the check against it.

A bundle may come from a stranger, so nothing in its manifest is believed before it was compared with the table.
Unknown keys are refused: one that this version ignored could change what the numbers mean.
"""

import json

from zoo.bundle import schema_1
from zoo.bundle.consistency import check_consistent
from zoo.bundle.rules import ABOVE_ZERO, ARTIFACTS, FILES, FIT, INPUT, NAME, OUTPUT, PATH, STATE, TEXTS
from zoo.bundle.schema import ANYTHING, COUNT, TEXT, TRUTH, OneOf, OrNull, Rule, compare, unique
from zoo.errors import BundleError

SCHEMA = 2
LIMIT = 64 * 2**20
"""Bytes of the longest manifest that is read; a vocabulary of a million words takes a quarter of it."""

_LONGEST = Rule("a whole number, 1 to 100,000", lambda value: type(value) is int and 1 <= value <= 100_000)
_BEAM = Rule("a whole number, 1 to 1,000", lambda value: type(value) is int and 1 <= value <= 1000)

_KINDS = ("image", "signal", "features", "tokens", "length", "array", "clip", "wave")
_INPUT = {
    **INPUT,
    "kind": _KINDS,
    "fit?": {**FIT, "scale?": ABOVE_ZERO},  # crop: the short side becomes the size times `scale`
    "vocabulary?": TEXT,  # of tokens: what a text is encoded by
    "of?": TEXT,  # of a length: the input whose real steps it counts
}
_LOOPS = {
    "single": {"part": TEXT},
    "autoregressive": {
        "encode": OrNull(TEXT),
        "step": TEXT,
        "token": TEXT,
        "logits": TEXT,
        "attention?": TEXT,
        "start": COUNT,
        "end": COUNT,
        "longest": _LONGEST,
        "beam": _BEAM,
    },
    "ctc": {"part": TEXT, "logits": TEXT, "steps?": TEXT, "blank": COUNT, "beam": _BEAM},
}
_ANSWERS = {
    "classes": {"of": ("logits", "probabilities", "yes_no"), "labels": OrNull(TEXTS)},
    "values": {"unit?": TEXT, "names?": TEXTS},
    "text": {"vocabulary": TEXT},
    "transcript": {"vocabulary": TEXT, "seconds_a_step?": ABOVE_ZERO},
}
_VOCABULARY = {
    "kind": ("words", "characters"),
    "tokens": TEXTS,
    "lowercase": TRUTH,
    "pad": COUNT,
    "unknown?": COUNT,
    "start?": COUNT,
    "end?": COUNT,
}
MANIFEST = {
    "schema": (SCHEMA,),
    "name": NAME,
    "model": OrNull(TEXT),
    "tag": OrNull(TEXT),
    "family": OrNull(TEXT),
    "task": OrNull(TEXT),
    "zoo": TEXT,
    "build?": {TEXT: ANYTHING},
    "source?": PATH,
    "parts": {TEXT: {"inputs": {TEXT: _INPUT}, "outputs": {TEXT: OUTPUT}, "state?": {TEXT: STATE}}},
    "decode": OneOf("loop", _LOOPS),
    "stream?": TEXT,  # the zoo's own part that takes frames as they come
    "answers": {TEXT: OneOf("kind", _ANSWERS)},  # by output of the loop; `print` leads with the first
    "vocabularies?": {TEXT: _VOCABULARY},
    "artifacts": ARTIFACTS,
    "files": FILES,
}


def parse(text: bytes, where: str) -> dict:
    """The manifest in `text`, checked, of the schema of today whatever it is of; `where` names its file in messages.

    Raises:
        BundleError: not JSON, of another schema, or not as the table says: the place, what is there, what is expected.
    """
    try:
        manifest = json.loads(text, object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"`{where}` is not JSON: {error}", "the bundle is damaged; get it again") from None
    if isinstance(manifest, dict) and schema_1.is_of(manifest):
        compare(manifest, schema_1.MANIFEST, (), where)
        manifest = schema_1.translated(manifest) | {"schema": SCHEMA}
    check(manifest, where)
    return manifest


def check(manifest: object, where: str) -> None:
    """Compares a manifest of the schema of today with the table; see `parse`."""
    schema = manifest.get("schema") if isinstance(manifest, dict) else None
    if type(schema) is int and schema > SCHEMA:
        raise BundleError(
            f"`{where}` is of schema {schema}: this version of the zoo reads schemas 1 to {SCHEMA}",
            "`pip install --upgrade hybrid-zoo` brings a version that may read it",
        )
    compare(manifest, MANIFEST, (), where)
    for target, artifact in manifest["artifacts"].items():
        if not files_of(manifest, artifact["file"]):
            raise BundleError(
                f"`{where}` lists no file of the artifact `{target}`: expected `{artifact['file']}` under `files`"
            )
    _check_origin(manifest, where)
    check_consistent(manifest, where)


def _check_origin(manifest: dict, where: str) -> None:
    """A model of the zoo is built anew, from its name and arguments; any other comes with the bundle, as a file."""
    if manifest["family"] is not None:
        for key in ("model", "build"):
            if manifest.get(key) is None:
                raise BundleError(
                    f"`{where}`: a model of the family `{manifest['family']}` is built by `{key}`: found none"
                )
    elif manifest.get("source") not in manifest["files"]:
        raise BundleError(f"`{where}`: a model of no family is a file of the bundle: `source` names none under `files`")


def files_of(manifest: dict, path: str) -> list[str]:
    """The listed files that `path` means: itself, or all below it where it is a folder."""
    return [name for name in manifest["files"] if name == path or name.startswith(f"{path}/")]
