"""What the tests of the recurrent bench share: one converter process, a cache of their own, made-up rows."""

import pytest

from zoo.export import one_converter


@pytest.fixture(scope="session")
def converter():
    with one_converter() as converter:
        yield converter


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The user's cache, empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "hybrid-zoo" / "bench"


@pytest.fixture
def made_up():
    """A function that makes a row: `made_up("LSTM", 50, auto=10.0, pytorch=20.0)`."""

    def row(cell: str, length: int, units: int = 64, layers: int = 1, **times: float | dict) -> dict:
        contestants = {
            name: each if isinstance(each, dict) else {"us": each, "numpy_us": 2 * each, "cold_us": 5 * each}
            for name, each in times.items()
        }
        size = {"cell": cell, "length": length, "units": units, "layers": layers}
        return {"name": f"{cell} T={length} {layers}x{units}", **size, "contestants": contestants}

    return row
