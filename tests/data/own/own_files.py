"""Small real files of a user's own: pictures, sounds, clips."""

import wave
from pathlib import Path

import numpy as np
from PIL import Image

CLASSES = ("dark", "light", "middle")


def noise(level: int, seed: int, shape: tuple[int, ...] = (10, 12, 3)) -> np.ndarray:
    """(height, width[, 3]) uint8 about one level, different for each seed."""
    return np.clip(np.random.default_rng([level, seed]).normal(level, 12, shape), 0, 255).astype(np.uint8)


def write_pictures(
    root: Path, count: int = 10, suffix: str = ".png", classes: tuple[str, ...] = CLASSES, first: int = 0
) -> Path:
    """A folder a class, of pictures that differ in how light they are."""
    for place, name in enumerate(classes):
        (root / name).mkdir(parents=True, exist_ok=True)
        for seed in range(first, first + count):
            Image.fromarray(noise(40 + 80 * place, seed)).save(root / name / f"{seed:03}{suffix}")
    return root


def write_sound(path: Path, samples: int = 80, rate: int = 8000, pitch: float = 1.0) -> Path:
    """A mono WAV file of 16 bits: a tone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tone = np.sin(np.arange(samples) * pitch) * 2**14
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(tone.astype("<i2").tobytes())
    return path


def write_clip(path: Path, frames: int = 4, level: int = 100) -> Path:
    """A GIF or WebP file of several frames that grow lighter."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pictures = [Image.fromarray(noise(level + 20 * place, place)) for place in range(frames)]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=40)
    return path
