"""A script: runs `FOLDER/file.tflite` on the WebGPU accelerator alone, from inputs.npz to outputs.npz.

Exits 1 where the delegate does not take it whole.  It ends by `os._exit`: taken down, the accelerator crashes.
"""

import os
import sys
import traceback
from pathlib import Path

import numpy as np
from ai_edge_litert.compiled_model import CompiledModel, GpuOptions, HardwareAccelerator, Options


def run(folder: Path) -> None:
    options = Options(HardwareAccelerator.GPU, gpu_options=GpuOptions(enforce_f32=True))  # with the CPU beside it,
    model = CompiledModel.from_buffer((folder / "file.tflite").read_bytes(), options=options)  # success means nothing
    names = model.get_signature_list()["predict"]
    inputs, outputs = model.create_input_buffers(0), model.create_output_buffers(0)
    with np.load(folder / "inputs.npz") as arrays:
        for name, buffer in zip(names["inputs"], inputs, strict=True):
            buffer.write(arrays[name])
    model.run_by_index(0, inputs, outputs)
    found = {}
    for name, buffer in zip(names["outputs"], outputs, strict=True):
        facts = model.get_output_tensor_details("predict")[name]
        shape, kind = facts["shape"], np.dtype(facts["dtype"])
        found[name] = buffer.read(int(np.prod(shape)), kind).reshape(shape)
    np.savez(folder / "outputs.npz", **found)


code = 0
try:
    run(Path(sys.argv[1]))
except RuntimeError:
    traceback.print_exc()
    code = 1
sys.stderr.flush()
os._exit(code)
