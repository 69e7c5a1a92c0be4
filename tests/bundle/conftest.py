"""A small bundle for each test to spoil, and a way to forge its manifest."""

import make
import pytest
from small_bundle import NAME, write

from zoo.bundle import load_bundle


@pytest.fixture
def manifest():
    """A manifest as a writer of bundles makes it; `schema`, `name` and `files` come when the bundle is closed."""
    image = make.tensor(1, 4, 4, 3, kind="image", fit={"mode": "crop", "filter": "bilinear"})
    of_user = make.manifest(
        {"image": image},
        {"logits": make.tensor(1, 2)},
        {"logits": make.classes(["day", "night"])},
        targets=("int8", "float32", "saved_model"),
    )
    scale = {"dtype": "uint8", "scale": 1.0, "zero_point": 0}
    of_user["artifacts"]["int8"]["quantization"] = {"predict": {"image": scale}}
    return make.of_family(of_user, "sun", "rise", "star", {"depth": 8})


@pytest.fixture
def card():
    """A card of the least that one holds."""
    return make.card(NAME)


@pytest.fixture
def bundle(tmp_path, manifest):
    """A sound bundle in a folder of its own, fresh for each test."""
    write(tmp_path / "roots", manifest)
    return load_bundle(tmp_path / "roots" / NAME)


@pytest.fixture
def forge(bundle):
    """A function `forge(change)`: the bundle's folder after `change(manifest)` changed its manifest, unchecked."""
    return lambda change: make.forged(bundle.path, change)
