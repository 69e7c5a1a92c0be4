"""States on disk: whole or not there."""

import numpy as np
import pytest

from zoo.training import state

FACTS = {"position": 3, "lines": [{"loss": 0.1 + 0.2}]}


@pytest.fixture
def arrays():
    generator = np.random.default_rng(0)
    return {"model.0": generator.normal(size=(3, 4)).astype(np.float32), "model.1": np.array([7, 8], np.uint32)}


def test_what_is_saved_is_loaded(tmp_path, arrays):
    state.save(tmp_path / "state", 3, arrays, FACTS)
    loaded, facts = state.load(tmp_path / "state")
    assert facts == FACTS
    assert {name: (array.dtype, array.tobytes()) for name, array in loaded.items()} == {
        name: (array.dtype, array.tobytes()) for name, array in arrays.items()
    }


def test_the_newest_two_are_kept(tmp_path, arrays):
    for position in (9, 10, 100):
        state.save(tmp_path, position, arrays, {"position": position})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0000000010.state", "0000000100.state"]
    assert state.load(tmp_path)[1] == {"position": 100}


@pytest.mark.parametrize("damage", ["cut", "empty", "flip"])
def test_a_torn_state_gives_way_to_the_older(tmp_path, arrays, damage):
    state.save(tmp_path, 1, arrays, {"position": 1})
    newest = state.save(tmp_path, 2, arrays, {"position": 2})
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 1
    newest.write_bytes({"cut": content[: len(content) // 2], "empty": b"", "flip": content}[damage])
    assert state.load(tmp_path)[1] == {"position": 1}


def test_an_unfinished_save_is_no_state(tmp_path, arrays):
    def die(stage, done, total):
        raise KeyboardInterrupt

    state.save(tmp_path, 1, arrays, {"position": 1})
    with pytest.raises(KeyboardInterrupt):
        state.save(tmp_path, 2, arrays, {"position": 2}, die)
    assert state.load(tmp_path)[1] == {"position": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["0000000001.state"]


def test_without_states_there_is_none(tmp_path):
    assert state.load(tmp_path / "state") is None
