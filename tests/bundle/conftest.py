"""A small bundle for each test to spoil, and a way to forge its manifest."""

import json

import pytest
from small_bundle import NAME, write

from zoo.bundle import load_bundle


@pytest.fixture
def manifest():
    """A manifest as a writer of bundles makes it; `schema`, `name` and `files` come when the bundle is closed."""
    image = {"shape": [1, 4, 4, 3], "dtype": "float32", "kind": "image", "fit": {"mode": "crop", "filter": "bilinear"}}
    logits = {"shape": [1, 2], "dtype": "float32", "softmax": True}
    scale = {"dtype": "uint8", "scale": 1.0, "zero_point": 0}
    return {
        "model": "sun",
        "tag": "rise",
        "family": "star",
        "task": "classification",
        "zoo": "0.1.0",
        "decode": "single",
        "labels": ["day", "night"],
        "build": {"depth": 8},
        "parts": {"predict": {"inputs": {"image": image}, "outputs": {"logits": logits}}},
        "artifacts": {
            "int8": {"file": "int8.tflite", "quantization": {"predict": {"image": scale}}},
            "float32": {"file": "float32.tflite"},
            "saved_model": {"file": "saved_model"},
        },
    }


@pytest.fixture
def card():
    """A card of the least that one holds: a target that failed, and nothing that was scored."""
    measured = ("bytes", "same_as", "calibration", "int8_recipe", "operators", "float_islands", "forms", "parity")
    measured += ("metrics", "ci95", "latency_us", "peak_memory_bytes")
    return {
        "schema": 1,
        "bundle": NAME,
        "model": {"name": "sun", "task": None, "parameters": 3, "macs": None, "receptive_field": None, "paper": None},
        **dict.fromkeys(("data", "training", "baselines", "published", "keras")),
        "artifacts": {"int16x8": {"status": "disabled", "reason": "score drops", **dict.fromkeys(measured)}},
    }


@pytest.fixture
def bundle(tmp_path, manifest):
    """A sound bundle in a folder of its own, fresh for each test."""
    write(tmp_path / "roots", manifest)
    return load_bundle(tmp_path / "roots" / NAME)


@pytest.fixture
def forge(bundle):
    """A function `forge(change)`: the bundle's folder after `change(manifest)` changed its manifest, unchecked."""

    def rewrite(change):
        path = bundle.path / "manifest.json"
        manifest = json.loads(path.read_bytes())
        change(manifest)
        path.write_text(json.dumps(manifest), "utf-8")
        return bundle.path

    return rewrite
