"""Tables of whole numbers become comparisons: known codes, unknown ones and the mask's come out as Keras has them."""

import numpy as np
import pytest
from keras import Input, Model, layers
from lowered_models import file_answers, keras_answers, lowered

from zoo.sources.deployed import deployed

CODES = np.array([[11, 42, 900, 5], [0, 11, -3, 42]])


@pytest.mark.parametrize("options", [{}, {"mask_token": 0}, {"num_oov_indices": 3}, {"output_mode": "multi_hot"}])
def test_codes_are_looked_up(options, converter):
    codes = Input((4,), name="codes", dtype="int64")
    found = layers.IntegerLookup(vocabulary=[11, 42, 900], **options)(codes)
    model = deployed(Model(codes, {"found": found}))
    file = lowered(converter, model)
    examples = {"codes": CODES}
    np.testing.assert_array_equal(
        file_answers(file.data, examples)["found"], keras_answers(model, examples)["found"].astype("float32")
    )
