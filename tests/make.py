"""Manifests, cards and bundles for tests, of one form: a test says what is special about its own."""

import json

from zoo.bundle import load_bundle, write_bundle


def tensor(*shape, kind=None, dtype="float32", **more):
    """An input (with a `kind`) or an output of a part, as a manifest has it."""
    return {"shape": list(shape), "dtype": dtype} | ({"kind": kind} if kind else {}) | more


def classes(labels=None, of="logits"):
    """The answer that is a choice."""
    return {"kind": "classes", "of": of, "labels": labels}


def manifest(inputs, outputs, answers=None, *, targets=("float32",), parts=None, **more):
    """A manifest of a user's own model, without `schema`, `name` and `files`, which come when it is written.

    Args:
        inputs, outputs: of the part `predict`.
        answers: by output.
        targets: each with its one file.
        parts: beside `predict`.
        more: any keys, in the place of those that would be there.
    """
    return {
        **dict.fromkeys(("model", "tag", "family", "task")),
        **{"zoo": "0.1.0", "source": "source.keras"},
        "parts": {"predict": {"inputs": inputs, "outputs": outputs}, **(parts or {})},
        "decode": {"loop": "single", "part": "predict"},
        "answers": answers or {},
        "artifacts": {
            target: {"file": target if target == "saved_model" else f"{target}.tflite"} for target in targets
        },
    } | more


def of_family(manifest, model, tag, family, build):
    """The same of a model of the zoo."""
    ours = {"model": model, "tag": tag, "family": family, "build": build, "task": "classification"}
    return {key: value for key, value in manifest.items() if key != "source"} | ours


def fill(folder, files):
    """Writes files, bytes by relative path."""
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def bundle(out, name, manifest, files):
    """The bundle `out/name` of these files; a source that is missing among them is there, and is nothing."""
    with write_bundle(out, name, dict(manifest)) as folder:
        fill(folder, files)
        if "source" in manifest and manifest["source"] not in files:
            (folder / manifest["source"]).write_bytes(b"none")
    return load_bundle(out / name)


def forged(path, change):
    """The bundle's folder after `change(manifest)` changed its manifest, unchecked."""
    manifest = json.loads((path / "manifest.json").read_bytes())
    change(manifest)
    (path / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return path


def card(name):
    """A card of the least that one holds: a target that failed, and nothing that was scored."""
    measured = ("bytes", "same_as", "calibration", "int8_scheme", "operators", "float_islands", "forms", "parity")
    measured += ("metrics", "ci95", "latency_us", "peak_memory_bytes")
    return {
        "schema": 1,
        "bundle": name,
        "model": {"name": "sun", "task": None, "parameters": 3, "macs": None, "receptive_field": None, "paper": None},
        **dict.fromkeys(("data", "training", "baselines", "published", "keras")),
        "artifacts": {"int16x8": {"status": "disabled", "reason": "score drops", **dict.fromkeys(measured)}},
    }


def put(*place, value):
    """A change of a manifest: `value` at the place that the keys lead to; `...` takes the key out."""

    def change(manifest):
        *path, last = place
        for key in path:
            manifest = manifest[key]
        if value is ...:
            del manifest[last]
        else:
            manifest[last] = value

    return change
