"""Data sets of other distributions: found by their entry point, named where they are faulty."""

import os

from plugin_files import write_metadata

CODE = """
import dataclasses
from zoo.data.sets.digits import DATA_SET as digits
DATA_SET = dataclasses.replace(digits, name="numerals", summary="of another distribution")
"""


def test_a_plugin_adds_data_sets_and_a_faulty_one_is_named(tmp_path, zoo):
    folder = tmp_path / "more_sets" / "data"
    folder.mkdir(parents=True)
    for package in (folder, folder.parent):
        (package / "__init__.py").touch()
    (folder / "numerals.py").write_text(CODE)
    (folder / "broken.py").write_text("raise RuntimeError('no such luck')")
    (folder / "nothing.py").write_text("DATA_SET = 3")
    (folder / "digits.py").write_text("raise RuntimeError('a name of ours stays ours')")
    write_metadata(tmp_path, "more_sets", "data")
    env = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    listed = zoo("data", "list", env=env)
    assert "of another distribution" in listed.stdout
    assert "handwritten digits" in listed.stdout
    assert "the data set `broken` of `more_sets.data.broken` cannot be imported: RuntimeError: no such" in listed.stderr
    assert "the data set `nothing` of `more_sets.data.nothing` defines no `DATA_SET`: found int" in listed.stderr
    assert "Traceback" not in listed.stderr
    refused = zoo("data", "show", "nothing", code=2, env=env)
    assert refused.stderr.startswith("error: the data set `nothing` of `more_sets.data.nothing` defines no `DATA_SET`")
