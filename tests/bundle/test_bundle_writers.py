"""Many may write one bundle at once, and be killed while they do: a whole one stands there, and nothing beside it."""

import json
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from small_bundle import NAME, write

from zoo._system import in_place as _in_place
from zoo.bundle import load_bundle

FILL = """
import json, sys
from pathlib import Path
from zoo.bundle import write_bundle

manifest = json.loads(Path(sys.argv[2]).read_text())
for number in range(int(sys.argv[3])):
    with write_bundle(sys.argv[1], "sun.rise", dict(manifest)) as folder:
        (folder / "saved_model").mkdir()
        for name in ("int8.tflite", "float32.tflite", "saved_model/graph"):
            (folder / name).write_text(f"{sys.argv[4]} {number}")
        if sys.argv[3] == "1":
            print("busy", flush=True)
            sys.stdin.read()
"""


@pytest.fixture
def begin(tmp_path, manifest):
    """A function that starts a process which writes the small bundle below `out` so many times."""
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))

    def start(times, who="one"):
        command = [sys.executable, "-c", FILL, tmp_path / "out", tmp_path / "manifest.json", str(times), who]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    return start


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_processes_that_write_one_bundle_at_once(begin, tmp_path):
    writers = [begin(30, who) for who in ("one", "two", "three")]
    for writer in writers:
        writer.communicate()
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert names(tmp_path / "out") == [NAME]
    bundle = load_bundle(tmp_path / "out" / NAME)
    found = {(bundle.path / name).read_text() for name in ("int8.tflite", "float32.tflite", "saved_model/graph")}
    assert len(found) == 1  # all of one writer
    assert all(bundle.artifact(target) for target in bundle.targets)


@pytest.mark.parametrize("exchanges", [True, False])
def test_threads_do_too_with_and_without_the_system_that_exchanges(tmp_path, manifest, monkeypatch, exchanges):
    if not exchanges:
        monkeypatch.setattr(_in_place.sys, "platform", "elsewhere")
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: write(tmp_path / "out", dict(manifest)), range(30)))
    assert names(tmp_path / "out") == [NAME]
    assert load_bundle(tmp_path / "out" / NAME).artifact("int8")


def test_readers_find_a_bundle_at_any_time(begin, tmp_path, manifest):
    write(tmp_path / "out", dict(manifest))
    writer = begin(60)
    found = 0
    while writer.poll() is None:
        found += load_bundle(tmp_path / "out" / NAME).name == NAME
    writer.communicate()
    assert writer.returncode == 0
    assert found


def test_what_a_killed_writer_left_is_removed_by_the_next_and_a_living_one_keeps_its_own(begin, tmp_path, manifest):
    killed, living = begin(1), begin(1, "two")
    assert [writer.stdout.readline() for writer in (killed, living)] == ["busy\n"] * 2
    killed.kill()
    killed.communicate()
    assert len(names(tmp_path / "out")) == 2
    (tmp_path / "out" / ".sun.rise.notes").write_text("of somebody else")
    write(tmp_path / "out", dict(manifest))
    assert len(names(tmp_path / "out")) == 3  # the bundle, the notes, what the living one fills
    living.communicate("")
    assert living.returncode == 0
    assert names(tmp_path / "out") == [".sun.rise.notes", NAME]
    assert (tmp_path / "out" / NAME / "int8.tflite").read_text() == "two 0"


COMMAND = """
import sys
from pathlib import Path
from zoo import cli
from zoo.bundle import write_bundle

def work():
    with write_bundle(sys.argv[1], "sun.rise", {}):
        print("busy", flush=True)
        sys.stdin.read()

cli.app = work
cli.register = lambda: None
cli.main()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_command_that_is_ended_leaves_nothing(tmp_path, number):
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, tmp_path / "out"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "busy\n"
    process.send_signal(number)
    process.communicate()
    assert process.returncode != 0
    assert names(tmp_path / "out") == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
@pytest.mark.parametrize("command", [["list", "--json"], ["predict", "--help"]])
def test_a_full_disk_is_a_sentence(command):
    with open("/dev/full", "w") as full:
        process = subprocess.run(
            [Path(sys.executable).with_name("zoo"), *command], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert process.returncode == 2
    assert process.stderr.startswith("error: nothing more can be written: No space left on device")
    assert "Traceback" not in process.stderr
