"""Several inputs at once: files, folders, standard input, batches; one bad one keeps none of the others back."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hand_made import means
from PIL import Image

from zoo import runtime
from zoo.errors import InputError

LABELS = ["red", "green", "blue"]


@pytest.fixture(params=[1, 3], ids=["one a run", "three a run"])
def folder(tmp_path, request):
    """A folder with the bundle `means` and pictures of one colour each, some of them bad."""
    means(tmp_path, batch=request.param, labels=LABELS, kind="image")
    (tmp_path / "pictures").mkdir()
    for name in LABELS * 2:
        Image.new("RGB", (6, 5), name).save(tmp_path / "pictures" / f"{name}.png")
    (tmp_path / "pictures" / "notes.txt").write_text("three colours")
    (tmp_path / "torn.png").write_bytes(b"\x89PNG")
    return tmp_path


def labels_of(process):
    return [json.loads(line)["answers"]["y"]["label"] for line in process.stdout.splitlines()]


def test_a_folder_is_its_files_by_name(zoo, folder):
    assert labels_of(zoo("predict", "means", "pictures", "--json", cwd=folder)) == ["blue", "green", "red"]


def test_one_bad_input_keeps_none_back(zoo, folder):
    inputs = ["pictures/red.png", "torn.png", "none.png", "pictures/blue.png"]
    process = zoo("predict", "means", *inputs, "--json", code=2, cwd=folder)
    assert labels_of(process) == ["red", "blue"]
    said = process.stderr.splitlines()
    assert ["`torn.png`" in said[0], "`none.png` does not exist" in said[1]] == [True, True]
    assert said[2] == "error: 2 of 4 inputs were not answered: each is named above"


def test_an_empty_folder_is_refused(zoo, folder):
    (folder / "empty").mkdir()
    assert "`empty` holds no examples" in zoo("predict", "means", "empty", code=2, cwd=folder).stderr


def test_standard_input_is_told_by_its_beginning(folder):
    np.save(folder / "green.npy", np.full((4, 4, 3), [0, 200, 0], np.uint8))
    for data in ((folder / "pictures" / "green.png").read_bytes(), (folder / "green.npy").read_bytes()):
        command = [Path(sys.executable).with_name("zoo"), "predict", "means", "-", "--json"]
        process = subprocess.run(command, input=data, capture_output=True, cwd=folder, check=True)
        assert json.loads(process.stdout)["answers"]["y"]["label"] == "green"


@pytest.mark.parametrize(("data", "message"), [(b"", "found nothing, expected one file"), (b"a,b", "no numbers")])
def test_what_is_no_file_on_standard_input_is_a_sentence(folder, data, message):
    command = [Path(sys.executable).with_name("zoo"), "predict", "means", "-"]
    process = subprocess.run(command, input=data, capture_output=True, cwd=folder, check=False)
    assert process.returncode == 2
    assert message in process.stderr.decode()


def test_numbers_come_through_a_pipe(tmp_path):
    means(tmp_path, shape=(3, 1), kind="array")
    command = [Path(sys.executable).with_name("zoo"), "predict", "means", "x=-"]
    process = subprocess.run(command, input=b"1,2,6\n", capture_output=True, cwd=tmp_path, check=True)
    assert process.stdout.decode().splitlines()[1] == "  y (1, 1): 3"


def test_answers_come_in_order_and_errors_in_their_place(folder):
    colours = np.eye(3) * 200
    predictor = runtime.load(folder / "means")
    sources = [np.full((4, 4, 3), colours[0]), np.zeros(7), *(np.full((4, 4, 3), each) for each in colours[[1, 2, 1]])]
    found = list(predictor.many(sources))
    assert isinstance(found.pop(1), InputError)
    assert [each.label for each in found] == ["red", "green", "blue", "green"]
    for each, colour in zip(found, colours[[0, 1, 2, 1]], strict=True):
        assert each.outputs["y"].tolist() == [colour.tolist()]


def test_a_whole_batch_is_an_answer_a_row(zoo, folder):
    predictor = runtime.load(folder / "means")
    batch = np.broadcast_to((200 * np.eye(3))[:, None, None], (3, 4, 4, 3)).astype(np.float32)
    np.savez(folder / "batch.npz", x=batch)
    if predictor.batch == 1:
        assert "wrong shape" in zoo("predict", "means", "batch.npz", code=2, cwd=folder).stderr
        return
    process = zoo("predict", "means", "batch.npz", "--json", cwd=folder)
    assert labels_of(process) == LABELS
    assert [json.loads(line)["input"] for line in process.stdout.splitlines()] == [
        f"batch.npz[{row}]" for row in range(3)
    ]
    with pytest.raises(InputError, match="wrong shape"):
        predictor(batch)


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_pipe_of_windows_can_be_written_to(zoo, tmp_path, more):
    means(tmp_path, labels=["красный", "green", "蓝"], kind="image")
    Image.new("RGB", (4, 4), "red").save(tmp_path / "a.png")
    process = zoo("predict", "means", "a.png", *more, cwd=tmp_path, env={"PYTHONIOENCODING": "cp1252"})
    if more:
        assert json.loads(process.stdout)["answers"]["y"]["label"] == "красный"
    else:
        assert "100.0%  ########" in process.stdout
