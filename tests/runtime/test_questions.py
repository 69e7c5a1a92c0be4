"""A question beside a picture: `question=` and `--question` fill the one input of tokens, and their count."""

import numpy as np
import pytest
from hand_made import echo
from PIL import Image

from zoo import runtime
from zoo.errors import InputError

VOCABULARY = {"kind": "words", "tokens": ["<pad>", "?", "is", "it", "red"], "lowercase": True, "pad": 0, "unknown": 1}
RED = np.full((4, 4, 3), [200, 0, 0], np.uint8)


@pytest.fixture
def folder(tmp_path):
    echo(tmp_path, VOCABULARY)
    Image.fromarray(RED).save(tmp_path / "red.png")
    return tmp_path


def test_a_question_goes_to_the_tokens_and_their_count(folder):
    predictor = runtime.load(folder / "echo")
    for source in (folder / "red.png", RED, {"picture": RED}, f"picture={folder / 'red.png'}"):
        answer = predictor(source, question="Is it blue")
        assert answer.outputs["asked"].tolist() == [[2, 3, 1, 0]]
        assert answer.outputs["count"].tolist() == [[3]]
        assert answer.label == "red"


def test_many_pictures_have_one_question(zoo, folder):
    process = zoo("predict", "echo", "red.png", "red.png", "--question", "is it red", cwd=folder)
    expected = "red.png: mean red 100.0%; asked (1, 4): 2 3 4 0; count (1, 1): 3"
    assert process.stdout.splitlines() == [expected] * 2


WRONG = {
    "twice": ({"picture": RED, "text": [[2, 3, 4, 0]]}, "is it", "`text` was given, and a question beside it"),
    "nothing to ask about": ({}, "is it", "lacks an input: `picture`"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_asked(folder, case):
    source, question, message = WRONG[case]
    with pytest.raises(InputError, match=message):
        runtime.load(folder / "echo")(source, question=question)


def test_an_option_that_no_loop_takes(folder):
    predictor = runtime.load(folder / "echo")
    assert dict(predictor.options) == {}
    with pytest.raises(InputError, match="`echo` takes no option `beam`: its decode loop `single` takes none"):
        predictor(RED, question="is it", beam=4)
    with pytest.raises(InputError, match="takes no option `seed`"):
        list(predictor.many([RED], seed=1))
