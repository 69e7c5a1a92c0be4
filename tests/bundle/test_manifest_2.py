"""What a manifest says of loops, answers and vocabularies goes with its parts; what does not is a sentence."""

import json

import make
import pytest
from make import put, tensor

from zoo.bundle import load_bundle
from zoo.errors import BundleError

WORDS = {
    "kind": "words",
    "tokens": ["<pad>", "<start>", "<end>", "a", "cat"],
    "lowercase": True,
    **{"pad": 0, "start": 1, "end": 2},
}
LETTERS = {"kind": "characters", "tokens": ["", "a", "b", " "], "lowercase": True, "pad": 0}


def heads():
    """A picture of which two choices and two numbers are said."""
    return make.manifest(
        {"image": tensor(1, 8, 8, 3, kind="image", fit={"mode": "crop", "filter": "bicubic", "scale": 1.14})},
        {"colour": tensor(1, 3), "is_old": tensor(1, 1), "size": tensor(1, 2)},
        {
            "colour": make.classes(["red", "green", "blue"]),
            "is_old": make.classes(["new", "old"], of="yes_no"),
            "size": {"kind": "values", "unit": "cm", "names": ["width", "height"]},
        },
    )


def captioner():
    """A question about a picture, answered a word at a time."""
    row = tensor(1, 6)
    encode = {
        "inputs": {
            "image": tensor(1, 8, 8, 3, kind="image"),
            "question": tensor(1, 4, kind="tokens", dtype="int32", vocabulary="captions"),
            "words": tensor(1, kind="length", dtype="int32", of="question"),
        },
        "outputs": {"context": row, "h": row},
    }
    step = {
        "inputs": {"token": tensor(1, 1, kind="tokens", dtype="int32"), "context": row | {"kind": "array"}},
        "outputs": {"logits": tensor(1, 5), "attention": tensor(1, 9)},
        "state": {"h": row},
    }
    loop = {"loop": "autoregressive", "encode": "encode", "step": "step", "token": "token", "logits": "logits"}
    return make.manifest({}, {}) | {
        "parts": {"encode": encode, "step": step},
        "decode": loop | {"attention": "attention", "start": 1, "end": 2, "longest": 20, "beam": 3},
        "answers": {"tokens": {"kind": "text", "vocabulary": "captions"}},
        "vocabularies": {"captions": WORDS},
    }


def listener():
    """Letters of a sound."""
    return make.manifest(
        {"wave": tensor(1, 800, kind="wave", sample_rate=8000)},
        {"logits": tensor(1, 50, 4), "steps": tensor(1, dtype="int32")},
        {"tokens": {"kind": "transcript", "vocabulary": "letters", "seconds_a_step": 0.02}},
        decode={"loop": "ctc", "part": "predict", "logits": "logits", "steps": "steps", "blank": 0, "beam": 8},
        vocabularies={"letters": LETTERS},
    )


def streamed():
    row = tensor(1, 1, 3)
    part = {"inputs": {"x": row | {"kind": "array", "time": True}}, "outputs": {"y": row | {"time": True}}}
    return make.manifest(
        {"x": tensor(1, 9, 3, kind="array")},
        {"y": tensor(1, 9, 3)},
        parts={"stream": part | {"state": {"h": row}}},
        stream="stream",
    )


MADE = {made.__name__: made for made in (heads, captioner, listener, streamed)}


@pytest.mark.parametrize("name", MADE)
def test_what_the_schema_allows_is_read_as_it_was_written(name, tmp_path):
    manifest = MADE[name]()
    bundle = make.bundle(tmp_path, name, manifest, {"float32.tflite": b"a file"})
    assert {key: bundle.manifest[key] for key in manifest} == manifest
    assert json.loads((bundle.path / "manifest.json").read_bytes()) == bundle.manifest
    assert bundle.labels == (("red", "green", "blue") if name == "heads" else None)


STEP = ("parts", "step")
FORGED = {
    "an unknown loop": (
        heads,
        put("decode", "loop", value="spiral"),
        'at `decode > loop`: found "spiral", expected one',
    ),
    "no loop": (heads, put("decode", value={}), "at `decode`: found {}, expected an object with `loop`"),
    "an option of another loop": (heads, put("decode", "beam", value=2), "at `decode`: unknown key `beam`"),
    "a part that is not there": (heads, put("decode", "part", value="go"), "expected one of the parts: predict"),
    "an answer of no output": (heads, put("answers", "taste", value=make.classes()), "expected one of the outputs"),
    "an answer of no kind": (heads, put("answers", "size", "kind", value="mood"), "expected one of classes, values"),
    "a text of one run": (
        heads,
        put("answers", "size", value={"kind": "text", "vocabulary": "x"}),
        'at `answers > size > kind`: found "text", expected one of the answers of a single run',
    ),
    "a label too few": (
        heads,
        put("answers", "colour", "labels", value=["red", "green"]),
        'at `answers > colour > labels`: found \\["red", "green"\\], expected 3 labels, one a class, or null',
    ),
    "three labels of yes and no": (heads, put("answers", "is_old", "labels", value=["a", "b", "c"]), "2 labels"),
    "a name too many": (
        heads,
        put("answers", "size", "names", value=["a", "b", "c"]),
        "expected 2 names, one a number",
    ),
    "classes of whole numbers": (
        heads,
        put("parts", "predict", "outputs", "colour", "dtype", value="int32"),
        "expected float numbers of classes",
    ),
    "a scale of nothing": (
        heads,
        put("parts", "predict", "inputs", "image", "fit", "scale", value=0),
        "found 0, expected a finite number above 0",
    ),
    "a picture with words": (
        heads,
        put("parts", "predict", "inputs", "image", "vocabulary", value="captions"),
        'found "captions", expected one of the vocabularies: there is none',
    ),
    "the length of nothing": (
        captioner,
        put("parts", "encode", "inputs", "words", "of", value="answer"),
        'found "answer", expected one of the other inputs: image, question',
    ),
    "a beam of none": (
        captioner,
        put("decode", "beam", value=0),
        "at `decode > beam`: found 0, expected a whole number",
    ),
    "a text of no end": (
        captioner,
        put("decode", "longest", value=10**12),
        "at `decode > longest`: found 1000000000000",
    ),
    "a start beyond the words": (
        captioner,
        put("decode", "start", value=5),
        "at `decode > start`: found 5, expected 0 to 4",
    ),
    "a step that is not there": (captioner, put("decode", "step", value="walk"), "one of the parts: encode, step"),
    "logits that are not there": (
        captioner,
        put("decode", "logits", value="h"),
        "one of the outputs: logits, attention",
    ),
    "a context that nobody gives": (
        captioner,
        put(*STEP, "inputs", "picture", value=tensor(1, 6, kind="array")),
        'at `parts > step > inputs`: found "picture", expected one of the outputs of the part that encodes',
    ),
    "an unknown vocabulary": (
        captioner,
        put("answers", "tokens", "vocabulary", value="letters"),
        'found "letters", expected one of the vocabularies: captions',
    ),
    "a vocabulary too small": (
        captioner,
        put("vocabularies", "captions", "tokens", value=["<pad>", "<start>", "<end>"]),
        "found 3, expected 5 tokens or more, as the logits have",
    ),
    "padding beyond the words": (
        captioner,
        put("vocabularies", "captions", "pad", value=5),
        "at `vocabularies > captions > pad`: found 5, expected 0 to 4, one of the tokens",
    ),
    "a transcript of no sound": (
        captioner,
        put("answers", "tokens", "kind", value="transcript"),
        "expected one of the answers of this loop: text",
    ),
    "an answer beside the tokens": (
        captioner,
        put("answers", "logits", value=make.classes()),
        'at `answers`: found "logits", expected one of the outputs of the loop: tokens',
    ),
    "a blank beyond the letters": (
        listener,
        put("decode", "blank", value=4),
        "at `decode > blank`: found 4, expected 0 to",
    ),
    "letters without time": (
        listener,
        put("parts", "predict", "outputs", "logits", "shape", value=[1, 4]),
        r"found \[1, 4\], expected \(batch, steps, classes\)",
    ),
    "a step of no time": (
        listener,
        put("answers", "tokens", "seconds_a_step", value=-0.1),
        "found -0.1, expected a finite number above 0",
    ),
    "a stream that is not there": (
        streamed,
        put("stream", value="flow"),
        'at `stream`: found "flow", expected one of the parts',
    ),
    "a stream without a state": (streamed, put("parts", "stream", "state", value=...), "expected the states of a part"),
    "a stream without frames": (
        streamed,
        put("parts", "stream", "inputs", "x", "time", value=False),
        "expected inputs with frames",
    ),
}


@pytest.mark.parametrize("case", FORGED)
def test_a_manifest_that_contradicts_itself_is_refused(case, tmp_path):
    made, change, message = FORGED[case]
    path = make.bundle(tmp_path, "small", made(), {"float32.tflite": b"a file"}).path
    with pytest.raises(BundleError, match=message):
        load_bundle(make.forged(path, change))


def test_the_blank_behind_the_letters_needs_no_token(tmp_path):
    manifest = listener()
    manifest["decode"]["blank"] = 3
    manifest["vocabularies"]["letters"] = LETTERS | {"tokens": ["", "a", "b"]}
    assert make.bundle(tmp_path, "small", manifest, {"float32.tflite": b"a file"}).name == "small"
