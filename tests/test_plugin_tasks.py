"""Tasks and data sets of other distributions: listed unread, taken by name, and named where they are faulty."""

import json
import subprocess
import sys

import pytest
from plugin_files import with_plugins, write_metadata, write_modules

# By group: what lists, what gets one, and the code of one that is sound.
SOUND = {
    "zoo.tasks": """
from zoo.tasks.regression import Regression

class Settings(Regression.Settings):
    loudness: int = 3

class Pitch(Regression):
    name = "pitch"
    Settings = Settings

TASK = Pitch()
""",
    "zoo.data": """
from zoo.data import DataSet
DATA_SET = DataSet("pitch", "1.0.0", "sounds", "none", "drawn", {}, {"train": 1, "test": 1}, {}, None)
""",
}
FAULTY = {
    "needs": ("import nopackage", "cannot be imported: ModuleNotFoundError: No module named 'nopackage'"),
    "breaks": ("1 / 0", "cannot be imported: ZeroDivisionError: division by zero"),
    "unread": ("def (", "cannot be imported: SyntaxError"),
    "empty": ("", "found NoneType"),
    "wrong": ("TASK = DATA_SET = 3", "found int"),
}
ASK = """
import json, sys, zoo
from zoo.data import get_data, list_data
from zoo.tasks import get_task, list_tasks
group, *names = sys.argv[1:]
listed = (list_tasks if group == "zoo.tasks" else list_data)()
unread = not [name for name in sys.modules if name.startswith("more_modules")]
said = {}
for name in names:
    try: said[name] = (get_task if group == "zoo.tasks" else get_data)(name).name
    except zoo.ZooError as error: said[name] = [type(error).__name__, error.message]
print(json.dumps([listed, unread, said]))
"""


def run(path, *command):
    return subprocess.run([sys.executable, *command], capture_output=True, text=True, env=with_plugins(path))


@pytest.mark.parametrize("group", SOUND)
def test_modules_of_plugins(tmp_path, group):
    """One that is sound, several that are not, and one whose package is not there; all but the last are listed."""
    codes = {name: code for name, (code, _) in FAULTY.items()}
    write_modules(tmp_path, group, {"pitch": SOUND[group], "_helper": "1 / 0", **codes})
    write_metadata(tmp_path, "gone", group.removeprefix("zoo."))
    process = run(tmp_path, "-c", ASK, group, "pitch", *FAULTY)
    listed, unread, said = json.loads(process.stdout)
    thing = {"zoo.tasks": "task", "zoo.data": "data set"}[group]
    assert {"pitch", *FAULTY} <= set(listed)
    assert "_helper" not in listed
    assert unread
    assert said["pitch"] == "pitch"
    for name, (_, words) in FAULTY.items():
        kind, message = said[name]
        assert kind == "PluginError"
        assert message.startswith(f"the {thing} `{name}` of `more_modules.{group.removeprefix('zoo.')}.{name}` ")
        assert words in message
        assert "\n" not in message
    [line] = [line for line in process.stderr.splitlines() if "plug-in" in line]  # TensorFlow talks there, too
    assert line.startswith("the plug-in `gone` of the distribution `gone` is left out: the package `gone.")


def test_ours_are_not_taken_over(tmp_path):
    write_modules(tmp_path, "zoo.tasks", {"regression": "TASK = 3"})
    listed, _, said = json.loads(run(tmp_path, "-c", ASK, "zoo.tasks", "regression").stdout)
    assert (listed.count("regression"), said["regression"]) == (1, "regression")
