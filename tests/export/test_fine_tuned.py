"""A pretrained model with a new head, exported from Python: pictures and probabilities stay, its labels are its own."""

import keras
import numpy as np
import pytest
from PIL import Image

from zoo import runtime
from zoo.export import export_model
from zoo.families import load_model

DIGITS = tuple("0123456789")


def test_a_loaded_model_has_labels():
    assert load_model("resnet_tiny.digits").labels == DIGITS
    assert load_model("resnet_tiny.digits", num_classes=3).labels is None


@pytest.mark.parametrize(("classes", "names"), [(3, ["0", "1", "2"]), (None, list(DIGITS))])
def test_pictures_and_probabilities_stay(classes, names, tmp_path, converter):
    keras.utils.set_random_seed(1)
    model = load_model("resnet_tiny.digits", num_classes=classes)
    model.compile("sgd", {"logits": keras.losses.SparseCategoricalCrossentropy(from_logits=True)})
    random = np.random.default_rng(0)
    pictures = random.uniform(0, 255, (32, *model.inputs[0].shape[1:])).astype(np.float32)
    model.fit({"image": pictures}, {"logits": random.integers(0, 3, 32)}, verbose=0)
    bundle = export_model(model, "float32", out=tmp_path, name="tuned")
    assert bundle.parts["predict"]["inputs"]["image"]["kind"] == "image"
    Image.new("L", (20, 20), 90).save(tmp_path / "grey.png")
    answer = runtime.load(bundle)(tmp_path / "grey.png")
    assert answer.warnings == ()
    assert sorted(name for name, _ in answer.top(10)) == names
    assert answer.probabilities.sum() == pytest.approx(1)
