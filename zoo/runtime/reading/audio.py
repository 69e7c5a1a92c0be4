"""Sound for an input: WAV files of 8, 16, 24 or 32-bit PCM, by the standard library."""

import math
import wave
from pathlib import Path

import numpy as np

from zoo.errors import InputError
from zoo.runtime.reading.arrays import InputSpec, fit_array


def read_wav(path: Path, spec: InputSpec) -> np.ndarray:
    """The samples of a mono WAV file, -1..1, as the input takes them: (1, samples) or (1, samples, 1).

    Nothing is resampled, cut or padded; fewer samples are taken where the input is `variable`.

    Raises:
        InputError: it is no PCM WAV file, or its channels, its sample rate or its length are not the input's.
    """
    where = f"`{path}`"
    try:
        with path.open("rb") as raw, wave.open(raw) as file:
            _check(file, spec, where)
            width, data = file.getsampwidth(), file.readframes(file.getnframes())
            if width > 4:
                raise ValueError(f"found {8 * width} bits a sample, expected 8, 16, 24 or 32")
    except (wave.Error, EOFError, ValueError, RuntimeError) as error:
        reason = str(error) or "a chunk is cut short"
        raise InputError(f"{where} cannot be read: {reason}", "expected a WAV file of PCM samples") from None
    return fit_array(_samples(data, width), spec, where)


def _check(file: wave.Wave_read, spec: InputSpec, where: str) -> None:
    rate, channels, frames = file.getframerate(), file.getnchannels(), file.getnframes()
    expected, most = max(spec.shape), "at most " if spec.variable else ""
    if math.prod(spec.shape) != expected:
        raise InputError(f"{where} is one series of samples: input `{spec.name}` takes {spec.example}")
    if spec.sample_rate is None:
        raise InputError(
            f"{where} has {rate:,} samples a second, but input `{spec.name}` names no rate to compare it with",
            "give the samples as .npy or .csv",
        )
    if rate != spec.sample_rate:
        raise InputError(
            f"{where} has the wrong sample rate: found {rate:,} a second, "
            f"input `{spec.name}` takes {spec.sample_rate:,}"
        )
    if channels != 1:
        raise InputError(f"{where} has {channels} channels: input `{spec.name}` takes 1")
    if frames > expected or frames == 0 or (frames < expected and not spec.variable):
        raise InputError(
            f"{where} has the wrong length: found {frames:,} samples ({frames / rate:.2f} s), "
            f"input `{spec.name}` takes {most}{expected:,} ({expected / rate:.2f} s)"
        )


def _samples(data: bytes, width: int) -> np.ndarray:
    """PCM bytes as float32, -1..1; `width` bytes a sample, little-endian and signed, but for single bytes."""
    if width == 1:
        return (np.frombuffer(data, np.uint8).astype(np.float32) - 128) / 128
    whole = np.zeros((len(data) // width, 4), np.uint8)
    whole[:, 4 - width :] = np.frombuffer(data[: len(whole) * width], np.uint8).reshape(-1, width)
    return (whole.view("<i4")[:, 0] / 2**31).astype(np.float32)
