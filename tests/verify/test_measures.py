"""Measurements against what is known beforehand: plain functions, small arrays, a clock that tests move."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_files import file_of, product, weight

from zoo.data import get_data
from zoo.data.dataset import Examples
from zoo.export.assembly.graph import Graph, Tensor
from zoo.tasks import get_task
from zoo.training.recipe.subject import Subject
from zoo.verify.measures.distance import distance, scale
from zoo.verify.measures.first_run import ending, first_run, last_line
from zoo.verify.measures.latency import summary, take_turns
from zoo.verify.measures.repeats import repeats
from zoo.verify.measures.scores import Evaluation, paired_error, score
from zoo.verify.measures.truths import rightness
from zoo.verify.running.examples import random_inputs, stratified
from zoo.verify.running.interpreted import on_interpreter

labels = st.lists(st.integers(0, 4), min_size=1, max_size=400).map(np.array)


@given(labels, st.integers(1, 300))
def test_stratified_takes_of_every_class(labels, count):
    chosen = stratified(labels, count)
    assert len(chosen) == min(count, len(labels))
    assert np.array_equal(chosen, np.unique(chosen))
    assert np.array_equal(chosen, stratified(labels, count))
    classes = np.unique(labels)
    if len(chosen) >= len(classes):
        assert set(labels[chosen]) == set(classes)
    taken, there = (np.bincount(some, minlength=5) for some in (labels[chosen], labels))
    short = taken < there  # a class that is not taken whole has as many as any other, but for one
    assert not short.any() or taken.max() - taken[short].min() <= 1


def test_random_inputs_stay_where_they_make_sense():
    inputs = {
        "image": {"shape": [1, 8, 8, 3], "dtype": "float32", "kind": "image"},
        "tokens": {"shape": [1, 6], "dtype": "int32", "kind": "tokens", "range": [0, 9]},
        "length": {"shape": [1], "dtype": "int32", "kind": "length"},
        "rr": {"shape": [1, 4], "dtype": "float32", "kind": "features"},
        "other": {"shape": [1, 4], "dtype": "float32", "kind": "array"},
        "ids": {"shape": [1, 6], "dtype": "float32", "kind": "tokens", "range": [0, 4999]},
        "count": {"shape": [1, 6], "dtype": "int64", "kind": "array"},
        "src_mask": {"shape": [1, 6], "dtype": "int32", "kind": "array"},
        "on": {"shape": [1, 6], "dtype": "bool", "kind": "array"},
        "pixels": {"shape": [1, 6], "dtype": "uint8", "kind": "array"},
        "sound": {"shape": [1, 60], "dtype": "int16", "kind": "array"},
    }
    stored = {"rr": {"dtype": "int8", "scale": 0.01, "zero_point": -128}}
    manifest = {
        "parts": {"predict": {"inputs": inputs}},
        "decode": {"loop": "single", "part": "predict"},
        "artifacts": {"int8": {"quantization": {"predict": stored}}},
    }
    drawn = random_inputs(manifest)
    assert {name: array.shape[1:] for name, array in drawn.items()} == {
        name: tuple(spec["shape"][1:]) for name, spec in inputs.items()
    }
    assert all(array.dtype == inputs[name]["dtype"] for name, array in drawn.items())
    assert 0 <= drawn["image"].min() < 5 < 250 < drawn["image"].max() <= 255
    assert set(np.unique(drawn["tokens"])) == set(range(10))
    assert set(np.unique(drawn["length"])) == set(range(1, 61))  # the longest there is
    assert np.array_equal(drawn["ids"], np.round(drawn["ids"]))
    assert 0 <= drawn["ids"].min() < 100 < 4900 < drawn["ids"].max() <= 4999
    assert set(np.unique(drawn["count"])) == set(range(10))
    assert set(np.unique(drawn["src_mask"])) == set(np.unique(drawn["on"])) == {0, 1}
    assert drawn["pixels"].min() < 5 < 250 < drawn["pixels"].max()
    assert -32768 <= drawn["sound"].min() < -20_000 < 20_000 < drawn["sound"].max()
    assert abs(drawn["sound"].mean()) < 500
    assert 0 <= drawn["rr"].min() < 0.7 < 1.9 < drawn["rr"].max() <= 2.55
    assert 1.2 < drawn["rr"].mean() < 1.35
    assert drawn["other"].min() < -1 < 1 < drawn["other"].max()
    assert all(np.array_equal(drawn[name], array) for name, array in random_inputs(manifest).items())


def test_distance_is_measured_by_the_scale_of_each_output():
    expected = {"small": np.array([[0.01], [0.03]]), "large": np.array([[100.0], [-200.0]])}
    found = {"small": expected["small"] + 0.005, "large": expected["large"] + 10}
    assert distance(found, expected).max_abs == 10
    assert distance(found, expected).relative == pytest.approx(0.5, rel=1e-4)  # 10 of 150 is less
    assert distance(found, expected, of={"small": np.array([0.0, 2.0]), "large": np.zeros(1)}).relative > 1e6
    found["small"][0, 0] = np.nan
    assert np.isnan(distance(found, expected).relative)


def test_an_offset_hides_no_error():
    kelvin = 290 + np.linspace(-2, 2, 9)[:, None]
    assert scale(kelvin) == 2
    assert distance({"y": kelvin + 0.01}, {"y": kelvin}).relative == pytest.approx(0.005, rel=0.1)
    assert distance({"y": kelvin.astype("float32")}, {"y": kelvin}).relative == 0  # what float32 cannot hold


def test_what_does_not_vary_is_held_to_the_noise_of_float32():
    same = {"y": np.full((5, 2), 7.0)}
    assert distance({"y": np.nextafter(np.float32(7.0), np.float32(8.0)) * np.ones((5, 2))}, same).relative == 0
    assert distance({"y": same["y"] + 1e-3}, same).relative > 1
    assert scale(np.zeros((5, 2))) < 1e-5
    assert distance({"y": np.full((5, 2), 1e-9)}, {"y": np.zeros((5, 2))}).relative == 0
    assert scale(np.array([])) > 0


def test_rightness_is_the_share_of_right_classes_and_its_paired_error():
    truth = np.arange(100) % 3
    keras, found = np.eye(3)[truth], np.eye(3)[truth]
    keras[:10], found[:4] = keras[:10, ::-1] + 0.5 * np.roll(keras[:10], 1, -1), np.roll(found[:4], 1, -1)
    right = rightness({"y": found}, {"y": keras}, {"y": truth})["y"]
    ours, theirs = found.argmax(-1) == truth, keras.argmax(-1) == truth
    assert (right.found, right.keras) == (ours.mean(), theirs.mean())
    assert right.two_errors == pytest.approx(2 * (ours.astype(float) - theirs).std() / 10)
    assert rightness({"y": found}, {"y": found}, {"y": truth})["y"].two_errors == 0


def test_whole_numbers_have_no_scale():
    found, expected = {"best": np.array([3, 9])}, {"best": np.array([3, 8])}
    assert (distance(found, expected).max_abs, distance(found, expected).relative) == (1, 0)


@pytest.mark.parametrize("batches", [(1,), (4,), (1, 8)])
def test_a_function_repeats(batches):
    inputs = {"x": np.arange(8.0).reshape(4, 2)}
    found = repeats(lambda arrays, rows: {"y": arrays["x"] * 3}, inputs, batches)
    assert (found.same_bits, found.independent) == (True, True)
    assert found.batch_error == (None if batches == (1,) else 0)


def test_state_that_leaks_is_seen():
    calls = []

    def leaky(arrays, rows):
        calls.extend(arrays["x"])
        return {"y": arrays["x"] + 1e-3 * np.arange(len(calls) - len(arrays["x"]), len(calls))[:, None]}

    found = repeats(leaky, {"x": np.ones((4, 2))}, (1,))
    assert not found.same_bits
    assert not found.independent


def test_state_that_leaks_once_is_seen():
    """Right on every call but the first."""
    calls = []

    def warms_up(arrays, rows):
        first = not calls
        calls.append(rows)
        return {"y": arrays["x"] + np.eye(len(arrays["x"]), 1) * first}

    assert not repeats(warms_up, {"x": np.ones((4, 1))}, (1,)).independent


def test_examples_that_change_each_other_are_seen():
    found = repeats(lambda arrays, rows: {"y": arrays["x"] - batch_mean(arrays["x"], rows)}, {"x": np.eye(4)}, (4,))
    assert found.same_bits
    assert found.batch_error > 0.1


def batch_mean(values, rows):
    calls = values.reshape(-1, rows, values.shape[1]) if len(values) % rows == 0 else values[None]
    return np.repeat(calls.mean(axis=1), calls.shape[1], axis=0)


def test_the_paired_error_is_that_of_the_difference():
    random, data = np.random.default_rng(0), get_data("digits")
    truth = random.integers(0, 10, 600)
    one, other = np.eye(10)[truth], np.eye(10)[truth]
    one[:60] = one[:60, ::-1]  # 60 examples answered wrongly by the one, 30 of them by the other too
    other[:30] = other[:30, ::-1]
    differences = (one.argmax(1) == truth).astype(float) - (other.argmax(1) == truth)
    subject = Subject(None, get_task("classification"), data, "accuracy")
    examples = Examples({"image": truth}, {"logits": truth})
    evaluation = Evaluation(subject, examples, examples, {})
    one, other = (score(subject, examples, {"logits": logits}) for logits in (one, other))
    assert paired_error(evaluation, one, other) == pytest.approx(differences.std() / np.sqrt(600), rel=0.1)
    assert paired_error(evaluation, one, one) == 0


class Clock:
    """Time that passes only while a contestant runs."""

    def __init__(self):
        self.now, self.log = 0, []

    def __call__(self):
        return self.now

    def contestant(self, name, nanoseconds):
        def run():
            self.now += nanoseconds
            self.log.append(name)

        return run


def test_contestants_take_turns():
    clock = Clock()
    times = take_turns({"a": clock.contestant("a", 1_000_000), "b": clock.contestant("b", 3_000_000)}, clock=clock)
    assert len(times["a"]) == len(times["b"]) == 30
    assert {name: set(figures) for name, figures in times.items()} == {"a": {1000.0}, "b": {3000.0}}
    bursts = [name for name, before in zip(clock.log[1:], clock.log, strict=False) if name != before]
    assert 30 < len(bursts) < 2 * 30 + 4  # shuffled: of two bursts in a row, some are of the same contestant


def test_a_slow_contestant_has_fewer_rounds():
    clock = Clock()
    slow = {"slow": clock.contestant("slow", 400_000_000), "fast": clock.contestant("fast", 1000)}
    times = take_turns(slow, clock=clock)
    assert len(times["slow"]) == len(times["fast"]) == 7


def test_summary():
    found = summary([float(value) for value in range(101)], threads=1, cpu="this one")
    assert found == {"median": 50.0, "p10": 10.0, "p90": 90.0, "threads": 1, "cpu": "this one"}


def test_how_a_process_ended():
    assert ending(-11) == "ended the process that ran it (SIGSEGV)"
    assert ending(1) == "could not be run"
    assert last_line("one\n two \n\n") == "two"
    assert last_line("") == "it said nothing"


def test_the_plain_interpreter_packs_a_weight_for_each_operator_that_reads_it(tmp_path):
    """A megabyte twelve times; the weight cache of our runtime has it once."""
    graph, x, matrix = Graph(), Tensor((1, 512)), weight(np.eye(512))
    y = x
    for _ in range(12):
        y = product(graph, y, matrix)
    path = tmp_path / "chain.tflite"
    path.write_bytes(file_of(graph, {"x": x}, {"y": y}))
    ours, plain = first_run(path).peak_memory_bytes, first_run(path, "interpreter").peak_memory_bytes
    assert 8e6 < plain - ours < 14e6
    run = on_interpreter(path.read_bytes(), {"x": np.ones((1, 512), np.float32)})
    assert min(take_turns({"plain": run}, rounds=1)["plain"]) > 0


def test_a_file_that_is_none(tmp_path):
    path = tmp_path / "no.tflite"
    path.write_bytes(b"\x00\x00\x00\x00TFL3" + bytes(64))
    assert first_run(path).failure
