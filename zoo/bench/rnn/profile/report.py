"""Profiles as tables, for the screen and for a page."""

from __future__ import annotations

from collections.abc import Mapping

from zoo.bench.rnn.cases import PROFILED_STEPS
from zoo.bench.rnn.report import Table, machine_lines

PAGE = """# Where the time of a recurrent step goes

Written by `zoo bench profile --write {page}`; the figures are in [{json}]({json}).

The models of `zoo bench rnn` with one layer and {steps} steps, one example at a time, one thread.  Files are run as
they are there; each figure is the difference between two that take turns, by the fastest of {rounds} rounds of each, in
a round a burst of at least {burst_ms:g} ms of thread CPU time.

- Processor: {cpu} ({vectors})
- Versions: {versions}

How each is measured:

- **An operator of a step**: taken out of the middle of the unrolled file; the two files differ by {copies} copies of
  it, each of which reads what was just written, and whose result is read.  Its time includes its call by the runtime.
- **An operator of the whole sequence** (the projection of all inputs, the rows apart, the outputs together): the two
  files differ by one copy; a step is charged what a step more adds.
- **The step as it runs**: what a step more adds to the unrolled file.
- **Between the operators**: how much more that is than the sum: what copies of one operator alone do not show (caches,
  branches, operators that overlap), and the errors of all the differences that it is made of, 0.01 µs each.  A step of
  0.3 µs is too short for it to say more.
- **A loop**: what the blocked file takes more for one block than the unrolled file for the same steps.  It is paid once
  a run: a WHILE prepares its body whenever it runs.  **A step in the loop**: what a step of a further block takes more
  than one unrolled.
- **Weights**: the constants that the recurrent product reads a step, and how many of them a second.
- **Slowest / fastest**: round of the unrolled file.  Far above 1, other work disturbed the figures: they do not add up.

## All steps

{summary}

{tables}
"""


def for_screen(results: Mapping) -> list[Table]:
    """Each profile, then all of them in a row each."""
    return [*(operators(row) for row in results["rows"]), summary(results)]


def page(results: Mapping, name: str) -> str:
    """The page; its JSON stands beside it under the same name."""
    protocol = results["protocol"]
    return PAGE.format(
        page=name,
        json=name.rpartition("/")[2].removesuffix(".md") + ".json",
        steps=PROFILED_STEPS,
        rounds=protocol["rounds"],
        burst_ms=protocol["burst_ms"],
        copies=protocol["copies"],
        **machine_lines(results),
        summary=summary(results).markdown(),
        tables="\n\n".join(f"## {table.title}\n\n{table.markdown()}" for table in map(operators, results["rows"])),
    )


def summary(results: Mapping) -> Table:
    """A profile a row: where a step's time goes, in shares, and what a loop costs."""
    heads = ("step", "µs", "product", "its other operators", "the sequence's", "between them")
    heads += ("weights, bytes", "GB/s", "a loop, µs", "a step in the loop, µs more", "slowest / fastest")
    return Table("Where the time of a step goes", heads, [_summed_up(row) for row in results["rows"]])


def operators(row: Mapping) -> Table:
    """One profile, operator by operator."""
    lines = [
        (each["operator"], each["shapes"], _count(each), f"{each['us']:.3f}", *_part(row, each["us_a_step"]))
        for each in row["operators"]
    ]
    lines += [
        ("sum", "", "", "", *_part(row, row["sum_us"])),
        ("between the operators", "", "", "", *_part(row, row["between_us"])),
        ("the step as it runs", "", "", "", *_part(row, row["step_us"])),
    ]
    recipe = f" ({row['int8_scheme']})" if row["int8_scheme"] else ""
    heads = ("operator", "reads -> writes", "a step", "µs each", "µs a step", "share")
    return Table(f"{_name(row)}{recipe}", heads, lines)


def _summed_up(row: Mapping) -> tuple[str, ...]:
    product, *others = row["operators"]
    of_step = sum(each["us_a_step"] for each in others if each["steps"] == 1)
    of_sequence = sum(each["us_a_step"] for each in others if each["steps"] > 1)
    shares = (product["us_a_step"], of_step, of_sequence, row["between_us"])
    return (
        _name(row),
        f"{row['step_us']:.3f}",
        *(_part(row, us)[1] for us in shares),
        f"{row['weight_bytes']:,}",
        "-" if row["gb_per_s"] is None else f"{row['gb_per_s']:.1f}",
        f"{row['loop_us']:.1f}",
        f"{row['looped_us']:.3f}",
        f"{row['unsteady']:.2f}",
    )


def _name(row: Mapping) -> str:
    return f"{row['cell']} {row['units']} {row['target']}"


def _count(each: Mapping) -> str:
    return str(each["count"]) if each["steps"] == 1 else f"{each['count']} in {each['steps']} steps"


def _part(row: Mapping, us: float) -> tuple[str, str]:
    """µs, and what share of the step as it runs that is."""
    return f"{us:.3f}", f"{us / row['step_us']:z.0%}"
