"""WAV files become samples of -1..1."""

import struct
import wave

import numpy as np
import pytest

from zoo.errors import InputError
from zoo.runtime.reading.arrays import InputSpec
from zoo.runtime.reading.audio import read_wav

RATE = 8000
SOUND = InputSpec("sound", (1, 5), "float32", "signal", sample_rate=RATE)


def write_wav(path, samples, width, rate=RATE, channels=1):
    """Whole numbers as PCM: unsigned if a byte wide, else signed and little-endian."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(b"".join(int(sample).to_bytes(width, "little", signed=width > 1) for sample in samples))
    return path


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("shape", [(1, 5), (1, 5, 1)])
def test_every_width_is_scaled_to_one(tmp_path, width, shape):
    half = 2 ** (8 * width - 1)
    samples = np.array([-half, -half // 2, 0, half // 4, half - 1]) + (128 if width == 1 else 0)
    spec = InputSpec("sound", shape, "float32", "signal", sample_rate=RATE)
    found = read_wav(write_wav(tmp_path / "a.wav", samples, width), spec)
    assert found.shape == shape
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.ravel(), [-1, -0.5, 0, 0.25, 1 - 1 / half], atol=1e-7)


WRONG = {
    "rate": ({"rate": 16000}, SOUND, "wrong sample rate: found 16,000 a second, input `sound` takes 8,000"),
    "no rate to compare": (
        {},
        InputSpec("sound", (1, 5), "float32", "signal"),
        "has 8,000 samples a second, but input `sound` names no rate",
    ),
    "stereo": ({"channels": 2, "samples": [0] * 10}, SOUND, "has 2 channels: input `sound` takes 1"),
    "longer": ({"samples": [0] * 8000}, SOUND, r"wrong length: found 8,000 samples \(1.00 s\), .* takes 5 "),
    "shorter": ({"samples": [0] * 4}, SOUND, "wrong length: found 4 samples"),
    "two axes": (
        {},
        InputSpec("frames", (1, 5, 3), "float32", "signal", sample_rate=RATE),
        r"is one series of samples: input `frames` takes \(5, 3\)",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_sound_is_refused(tmp_path, case):
    facts, spec, message = WRONG[case]
    path = write_wav(tmp_path / "a.wav", **({"samples": [0] * 5, "width": 2} | facts))
    with pytest.raises(InputError, match=message) as caught:
        read_wav(path, spec)
    assert str(path) in caught.value.message


def riff(form=1, bits=16, data=bytes(10), promised=None):
    """A WAV file of which any field may lie."""
    fmt = struct.pack("<HHIIHH", form, 1, RATE, RATE * bits // 8, bits // 8, bits)
    body = b"WAVEfmt " + struct.pack("<I", 16) + fmt + b"data" + struct.pack("<I", promised or len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


DAMAGED = {
    "float samples": riff(form=3, bits=32),
    "64 bits": riff(bits=64, data=bytes(40)),
    "no sound": b"RIFFxxxxAVI LIST",
    "text": b"I am a sound",
    "empty": b"",
    "cut short": riff()[:30],
}


@pytest.mark.parametrize("case", DAMAGED)
def test_what_is_no_pcm_is_refused(tmp_path, case):
    (tmp_path / "a.wav").write_bytes(DAMAGED[case])
    with pytest.raises(InputError, match=r"a\.wav` cannot be read") as caught:
        read_wav(tmp_path / "a.wav", SOUND)
    assert caught.value.hint == "expected a WAV file of PCM samples"


def test_a_file_that_promises_more_than_it_holds_is_refused(tmp_path):
    (tmp_path / "a.wav").write_bytes(riff(data=bytes(4), promised=10))
    with pytest.raises(InputError, match=r"wrong shape: found \(2,\)"):
        read_wav(tmp_path / "a.wav", SOUND)
