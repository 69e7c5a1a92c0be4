"""Random stacks of recurrences: whatever their layers are asked for, a file answers as Keras does, in the same bits by
both forms."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import Input, Model
from keras.layers import Bidirectional
from lowered_models import CELLS, lowered, ready, stored_answers, worst_error

FEATURES, EXAMPLES = 3, 12
EXACT = 1e-5

layers = st.fixed_dictionaries(
    {
        "cell": st.sampled_from(sorted(CELLS)),
        "units": st.integers(1, 40),
        "direction": st.sampled_from(("forwards", "backwards", "concat", "sum", "mul", "ave")),
        "given_state": st.booleans(),
        "zero_output_for_mask": st.booleans(),
    }
)
stacks = st.fixed_dictionaries(
    {
        "stack": st.lists(layers, min_size=1, max_size=3),
        "length": st.integers(1, 70),
        "return_sequences": st.booleans(),
        "mask": st.sampled_from((None, "none", "all", "left", "middle", "right")),
        "seed": st.integers(0, 99),
    }
)
batches = st.sampled_from((1, 2, 3))


def built(
    stack: list[dict], length: int, return_sequences: bool, mask: str | None, seed: int
) -> tuple[Model, dict[str, np.ndarray]]:
    """A model that gives the output of its last recurrence and the states of all, and examples of its inputs."""
    random = np.random.default_rng(seed)
    inputs = {"x": Input((length, FEATURES), name="x")}
    feeds = {"x": random.normal(size=(EXAMPLES, length, FEATURES)).astype(np.float32)}
    calls, outputs, y = {}, {}, inputs["x"]
    if mask is not None:
        inputs["valid"] = Input((length,), name="valid", dtype="int32")
        feeds["valid"] = np.array([valid_steps(mask, length, random) for _ in range(EXAMPLES)], np.int32)
        calls["mask"] = keras.ops.cast(inputs["valid"], "bool")
    for number, facts in enumerate(stack):
        states = {f"state{number}_{index}": facts["units"] for index in range(_states(facts))}
        own = {}
        if facts["given_state"]:
            inputs |= {name: Input((units,), name=name) for name, units in states.items()}
            starts = {name: random.uniform(-1, 1, (EXAMPLES, units)) for name, units in states.items()}
            feeds |= {name: start.astype(np.float32) for name, start in starts.items()}
            own["initial_state"] = [inputs[name] for name in states]
        y, *ends = _layer(facts, return_sequences or number + 1 < len(stack))(y, **calls, **own)
        outputs |= {f"last_{name}": end for name, end in zip(states, ends, strict=True)}
    widest = max(facts["units"] for facts in stack)
    return ready(Model(inputs, outputs | {"output": y}), scale=min(0.3, widest**-0.5)), feeds  # larger ones are chaos


def _layer(facts: dict, return_sequences: bool) -> keras.layers.Layer:
    direction = facts["direction"]
    layer = CELLS[facts["cell"]](
        facts["units"],
        return_state=True,
        return_sequences=return_sequences,
        go_backwards=direction == "backwards",
        zero_output_for_mask=facts["zero_output_for_mask"],
    )
    return layer if direction in ("forwards", "backwards") else Bidirectional(layer, merge_mode=direction)


def _states(facts: dict) -> int:
    directions = 1 if facts["direction"] in ("forwards", "backwards") else 2
    return directions * (2 if facts["cell"] == "LSTM" else 1)


def valid_steps(mask: str, length: int, random: np.random.Generator) -> np.ndarray:
    """(length,) int, 0 at masked steps: none, all, those on one side of a random step, or those between two."""
    first, last = np.sort(random.integers(0, length + 1, 2))
    masked = {
        "none": slice(0, 0),
        "all": slice(None),
        "left": slice(None, last),
        "middle": slice(first, last),
        "right": slice(first, None),
    }
    valid = np.ones(length, int)
    valid[masked[mask]] = 0
    return valid


def answers_as_keras(converter, drawn: dict, form: str, batch: int) -> None:
    model, feeds = built(**drawn)
    assert worst_error(model, lowered(converter, model, form=form, batch=batch).data, feeds) <= EXACT


def gives_the_same_bits(converter, drawn: dict, batch: int) -> None:
    model, feeds = built(**drawn)
    unrolled, blocked = (
        lowered(converter, model, "int8", form=form, batch=batch, calibration=feeds) for form in ("unrolled", "blocked")
    )
    assert unrolled.int8_scheme == blocked.int8_scheme
    one, other = stored_answers(unrolled.data, feeds), stored_answers(blocked.data, feeds)
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


@settings(max_examples=12, derandomize=True)
@given(drawn=stacks, form=st.sampled_from(("unrolled", "blocked")), batch=batches)
def test_float_files_answer_as_keras(converter, drawn, form, batch):
    answers_as_keras(converter, drawn, form, batch)


@settings(max_examples=3, derandomize=True)
@given(drawn=stacks, batch=batches)
def test_both_forms_compute_the_same_bits(converter, drawn, batch):
    gives_the_same_bits(converter, drawn, batch)


@pytest.mark.slow
@settings(max_examples=200, derandomize=True)
@given(drawn=stacks, form=st.sampled_from(("unrolled", "blocked")), batch=batches)
def test_many_float_files_answer_as_keras(converter, drawn, form, batch):
    answers_as_keras(converter, drawn, form, batch)


@pytest.mark.slow
@settings(max_examples=60, derandomize=True)
@given(drawn=stacks, batch=batches)
def test_many_times_both_forms_compute_the_same_bits(converter, drawn, batch):
    gives_the_same_bits(converter, drawn, batch)
