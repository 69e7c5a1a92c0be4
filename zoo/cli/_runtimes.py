"""Time and memory of artifacts on our runtime and on LiteRT's plain Interpreter, as a table."""

from collections.abc import Mapping

from zoo.cli._tables import print_table

COLUMNS = ("target", "us CompiledModel", "MB", "us Interpreter", "MB")


def print_runtimes(artifacts: Mapping[str, Mapping]) -> None:
    """One row an artifact that was measured on both; nothing where there is none, as on an older card.

    Args:
        artifacts: by target, their entries on a card.
    """
    both = {target: (entry, entry["interpreter"]) for target, entry in artifacts.items() if entry.get("interpreter")}
    rows = [(target, *(cell for entry in entries for cell in _cells(entry))) for target, entries in both.items()]
    if rows:
        print_table(COLUMNS, rows)


def _cells(entry: Mapping) -> tuple[str, str]:
    latency, memory = entry["latency_us"], entry["peak_memory_bytes"]
    return (
        f"{latency['median']:,.1f}" if latency else "-",
        "-" if memory is None else f"{memory / 1e6:,.1f}",
    )
