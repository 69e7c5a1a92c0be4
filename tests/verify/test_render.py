"""READMEs are the card in words: every figure stands in it, and nothing else moves when they are rendered."""

import copy as copies
import re

import pytest

from zoo.bundle import load_bundle
from zoo.errors import GateError
from zoo.verify.cards import readmes
from zoo.verify.cards.render import BEGIN, END, bundle_readme, headline, pretrained_table, project_readme

README = f"# A project\n\nbefore\n\n{BEGIN}\n| old |\n{END}\n\nafter | this\n"


def cells(text, first):
    """The cells of the table row that begins with `first`."""
    line = next(line for line in text.splitlines() if line.startswith(f"| {first} |"))
    return [cell.strip() for cell in line.strip("|").split(" | ")]


def test_a_row_a_target(measured):
    text = bundle_readme(measured.card)
    for target, entry in measured.card["artifacts"].items():
        row = cells(text, target)
        assert row[1].startswith(f"{100 * entry['metrics']['accuracy']:.2f} % (")
        assert row[3] == f"{100 * entry['parity']['agreement']:.2f} %"
        assert row[4] == f"{entry['bytes']:,}"


def test_both_runtimes_have_a_row_a_file(measured):
    text = bundle_readme(measured.card).partition("## On either runtime")[2].partition("## By class")[0]
    for target, entry in measured.card["artifacts"].items():
        if target == "saved_model":
            assert entry["interpreter"] is None
            assert f"| {target} |" not in text
            continue
        plain = entry["interpreter"]
        figures = [f"{found['latency_us']['median']:,.1f}" for found in (entry, plain)]
        assert cells(text, target)[1:] == figures + [f"{found['peak_memory_bytes']:,}" for found in (entry, plain)]


def test_a_card_from_before_the_interpreter_was_measured(measured):
    card = copies.deepcopy(measured.card)
    for entry in card["artifacts"].values():
        del entry["interpreter"]
    assert "## On either runtime" not in bundle_readme(card)


def test_a_file_that_the_plain_interpreter_does_not_run(measured):
    card = copies.deepcopy(measured.card)
    failed = {"latency_us": None, "peak_memory_bytes": None, "failure": "could not be run: no kernel"}
    card["artifacts"]["int8"]["interpreter"] = failed
    text = bundle_readme(card)
    assert cells(text.partition("## On either runtime")[2], "int8")[2::2] == ["-", "-"]
    assert "`int8` does not run on the plain Interpreter: could not be run: no kernel." in text


def test_a_row_a_class(measured):
    text = bundle_readme(measured.card)
    for label in "0123456789":
        row = cells(text, label)
        assert row[1] == str(measured.card["data"]["test_by_class"][label])
        assert row[2] == f"{measured.card['keras']['metrics'][f'f1_{label}']:.3f}"


def test_calibration_and_baselines_are_named(measured):
    text = bundle_readme(measured.card)
    assert "`int8` was calibrated on digits train, 200 of 1,400 examples, seed 0." in text
    assert cells(text, "baseline: majority")[1] == f"{100 * measured.card['baselines']['majority']['accuracy']:.2f} %"


def test_tables_are_whole(measured):
    """Every row of a table has as many cells as its head."""
    for table in re.findall(r"(?:^\|.*\n)+", bundle_readme(measured.card) + "\n", re.MULTILINE):
        assert len({line.count(" | ") for line in table.splitlines()}) == 1


def test_same_card_same_text(measured):
    assert bundle_readme(measured.card) == bundle_readme(copies.deepcopy(measured.card))


def test_a_disabled_target_says_why(measured):
    card = copies.deepcopy(measured.card)
    card["artifacts"]["int8"] |= {"status": "disabled", "reason": "agreement: found 12 %, expected >= 95 %"}
    text = bundle_readme(card)
    assert "`int8` does not ship: agreement: found 12 %, expected >= 95 %." in text
    assert "--target int8" not in text
    assert cells(pretrained_table([card]), f"[`{card['bundle']}`](saved_models/{card['bundle']})")[5] == "-"


def test_the_gpu_verdict_says_why_not(measured):
    """`resnet_tiny` has shortcuts of 1x1 with a stride, which the delegate computes wrongly with int8 weights."""
    verdicts = {target: entry["gpu"] for target, entry in measured.card["artifacts"].items()}
    for target in ("float32", "float16"):
        assert verdicts[target] == {"whole": True, "why_not": None}
    assert not verdicts["int8"]["whole"]
    text = bundle_readme(measured.card)
    assert [cells(text, target)[7] for target in ("float32", "int8")] == ["whole", "no"]
    assert "`int8`. CONV_2D: 1x1 with int8 weights and a stride: the delegate takes it and computes it wrongly." in text


def test_a_card_without_verdicts(measured):
    card = copies.deepcopy(measured.card)
    for entry in card["artifacts"].values():
        entry["gpu"] = None
    text = bundle_readme(card)
    assert cells(text, "int8")[7] == "-"
    assert "GPU delegate" not in text


def test_a_card_without_a_score(measured):
    """That of a user's model: what was not measured is said to be so, and what does not exist has no section."""
    card = copies.deepcopy(measured.card)
    card |= dict.fromkeys(("data", "training", "baselines", "published", "keras"))
    card["model"] |= {"family": None, "task": None, "macs": None, "receptive_field": None, "paper": None}
    for entry in card["artifacts"].values():
        entry |= {"metrics": None, "ci95": None}
        entry["parity"] |= {"source": "random inputs", "agreement_by_class": None}
    text = bundle_readme(card)
    assert headline(card) is None
    assert cells(text, "int8")[1] == "not measured"
    assert "random inputs" in text
    assert "## Training" not in text


def test_the_project_keeps_everything_but_its_table(measured):
    text = project_readme(README, [measured.card])
    assert text.startswith("# A project\n\nbefore\n\n")
    assert text.endswith("\n\nafter | this\n")
    assert "| old |" not in text
    assert "`resnet_tiny.digits`" in text
    assert project_readme(text, [measured.card]) == text
    assert project_readme(text, []).count("\n|") == 2


@pytest.mark.parametrize("text", ["# no table\n", f"{BEGIN}\n", f"{END}\n{BEGIN}\n"])
def test_a_readme_without_a_place_for_the_table(text):
    with pytest.raises(ValueError, match="has no lines"):
        project_readme(text, [])


def test_readmes_out_of_date_are_found_and_written(copy):
    readmes.check([copy])
    (copy.path / "README.md").write_text("by hand\n")
    with pytest.raises(Exception, match=r"README\.md` has the wrong size"):
        readmes.check([load_bundle(copy.path)])


def test_a_card_that_moved_on(copy, measured):
    import json

    from zoo.bundle import update_files

    card = copies.deepcopy(measured.card)
    card["artifacts"]["int8"]["bytes"] = 5
    moved = update_files(copy, {"card.json": json.dumps(card).encode()})
    with pytest.raises(GateError, match="out of date with their cards"):
        readmes.check([moved])
    assert copy.path / "README.md" in readmes.write([moved])
    readmes.check([load_bundle(copy.path)])
    assert cells((copy.path / "README.md").read_text(), "int8")[4] == "5"
