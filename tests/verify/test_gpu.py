"""What the rules say of a file, and what the delegate does with it where there is one to ask."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from gpu_cases import CASES

from zoo.export import one_converter
from zoo.export.lower import lower
from zoo.paths import shipped
from zoo.runtime.engine.engines import open_engine
from zoo.runtime.engine.flatbuffer import inspect, read_signatures
from zoo.verify.gpu import RIGHT, RULES, verdict

SCRIPT = Path(__file__).with_name("gpu_script.py")
DRIVER = Path(os.environ.get("ZOO_VULKAN", "nowhere"))
needs_vulkan = pytest.mark.skipif(
    not (DRIVER / "vk_swiftshader_icd.json").exists(),
    reason="no software Vulkan: `apt-get download chromium-common && dpkg -x chromium-common_*.deb vulkan`, then "
    "`ZOO_VULKAN=$PWD/vulkan/usr/lib/chromium pytest -m slow tests/verify/test_gpu.py`",
)


@pytest.mark.parametrize("name", CASES)
def test_the_verdict(name):
    data, why_not = CASES[name]
    assert verdict(inspect(data)) == {"whole": why_not is None, "why_not": why_not}


def test_reasons_are_given_once():
    """One line for the six steps of a recurrence, one for another fault."""
    from tiny_files import BuiltinOperator, Graph, Tensor, apply, file_of, schema

    graph, x = Graph(), Tensor((1, 8))
    y = x
    for code in [BuiltinOperator.LOG_SOFTMAX] * 6 + [BuiltinOperator.L2_NORMALIZATION]:
        options = schema.L2NormOptionsT() if code == BuiltinOperator.L2_NORMALIZATION else schema.LogSoftmaxOptionsT()
        y = apply(graph, code, [y], y.like(), options)
    found = verdict(inspect(file_of(graph, {"x": x}, {"y": y})))
    refused = "the delegate does not support it"
    assert found == {"whole": False, "why_not": f"LOG_SOFTMAX: {refused}; L2_NORMALIZATION: {refused}"}


def test_every_rule_has_a_file():
    """But for CONV_3D and UNPACK: LiteRT's CPU runs no such file that is tiny and written by hand."""
    shown = {why_not.partition(":")[0] for _, why_not in CASES.values() if why_not}
    assert set(RULES) - shown == {"CONV_3D", "UNPACK"}
    assert {why_not.partition(":")[0] for _, why_not in CASES.values() if why_not} <= {
        *RULES,
        *RIGHT,
        "REVERSE_SEQUENCE",
    }


def stored_inputs(data: bytes) -> dict[str, np.ndarray]:
    """Random ones; pictures are 0..255."""
    random, inputs = np.random.default_rng(0), {}
    for name, tensor in read_signatures(data)["predict"].inputs.items():
        floats = tensor.dtype == "float32"
        values = random.normal(size=tensor.shape) if floats else random.integers(-99, 100, tensor.shape)
        if name == "image":
            values = random.uniform(0, 255, tensor.shape)
        inputs[name] = values.astype(tensor.dtype)
    return inputs


def is_right_on_gpu(data: bytes, tolerance: float, folder: Path) -> bool:
    """Whether the delegate takes a file whole and answers as the CPU does: within a share of the largest answer.

    In a process of its own, which some files end.
    """
    inputs = stored_inputs(data)
    (folder / "file.tflite").write_bytes(data)
    np.savez(folder / "inputs.npz", **inputs)
    child = subprocess.run(
        [sys.executable, str(SCRIPT), str(folder)],
        capture_output=True,
        env={
            **os.environ,
            "VK_ICD_FILENAMES": str(DRIVER / "vk_swiftshader_icd.json"),
            "LD_LIBRARY_PATH": str(DRIVER),  # of the Vulkan loader
            "XDG_RUNTIME_DIR": str(folder),
        },
        timeout=300,
    )
    said = child.stderr.decode("utf-8", "replace")
    assert "Selected adapter" in said, f"no adapter was found: {said[-2000:]}"
    if child.returncode:
        return False
    engine = open_engine(data)
    engine.place("predict", inputs)
    engine.compute("predict")
    with np.load(folder / "outputs.npz") as found:
        return all(
            np.abs(found[name].astype(float) - values).max() <= tolerance * max(1, np.abs(values.astype(float)).max())
            for name, values in engine.results("predict").items()
        )


@pytest.mark.slow
@needs_vulkan
@pytest.mark.parametrize("name", CASES)
def test_the_delegate_does_as_the_verdict_says(name, tmp_path):
    data, why_not = CASES[name]
    if why_not and "never run" in why_not:
        return
    assert is_right_on_gpu(data, 0.02, tmp_path) == (why_not is None)


@pytest.fixture(scope="module")
def converter():
    with one_converter() as converter:
        yield converter


CELLS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU, "simple_rnn": keras.layers.SimpleRNN}
TOLERANCES = {"float32": 1e-5, "float16": 1e-5, "dynamic_int8": 0.05, "int8": 0.01}


@pytest.mark.slow
@needs_vulkan
@pytest.mark.parametrize("target", TOLERANCES)
@pytest.mark.parametrize("cell", CELLS)
def test_unrolled_recurrences_run_whole(cell, target, converter, tmp_path):
    keras.utils.set_random_seed(1)
    x = keras.Input((12, 4), name="x")
    y = keras.layers.Dense(3)(CELLS[cell](40)(CELLS[cell](40, return_sequences=True)(x)))
    calibration = {"x": np.random.default_rng(1).normal(size=(40, 12, 4))} if target == "int8" else None
    model, inputs = keras.Model({"x": x}, {"y": y}), {"x": ((1, 12, 4), "float32")}
    data = lower(model, inputs, target, calibration=calibration, form="unrolled", converter=converter).data
    assert verdict(inspect(data)) == {"whole": True, "why_not": None}
    assert is_right_on_gpu(data, TOLERANCES[target], tmp_path)
    if target in ("float32", "int8"):
        data = lower(model, inputs, target, calibration=calibration, form="blocked", converter=converter).data
        assert "WHILE" in verdict(inspect(data))["why_not"]
        assert not is_right_on_gpu(data, TOLERANCES[target], tmp_path)


SHIPPED = sorted(shipped("saved_models").glob("[!.]*/*.tflite"))


@pytest.mark.slow
@needs_vulkan
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_shipped_artifacts_do_as_their_verdict_says(path, tmp_path):
    found = verdict(inspect(path))
    assert is_right_on_gpu(path.read_bytes(), TOLERANCES[path.stem], tmp_path) == found["whole"], found
