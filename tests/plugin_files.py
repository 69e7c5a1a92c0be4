"""A distribution on disk that adds families, tasks or data sets, as an installer leaves it: package and metadata."""

import os
from pathlib import Path

TOML = "task = 'classification'\nsummary = 'A line'\npaper = 'Gauss 1809'\n[linear_tiny]\nnum_classes = 3\n"
CODE = """
import keras

def build(*, num_classes):
    x = keras.Input((4,), name="x")
    return keras.Model({"x": x}, {"logits": keras.layers.Dense(num_classes, name="logits")(x)})
"""


def write_plugin(
    folder: Path, package: str = "more_models", family: str = "linear", toml: str = TOML, code: str = CODE
) -> Path:
    """Writes the family into `folder / package / families`, and the metadata; returns the folder of the family."""
    families = folder / package / "families"
    families.mkdir(parents=True)
    (folder / package / "__init__.py").touch()
    (families / "__init__.py").touch()
    (families / f"{family}.toml").write_text(toml, "utf-8")
    (families / f"{family}.py").write_text(code, "utf-8")
    write_metadata(folder, package)
    return families


def write_modules(folder: Path, group: str, modules: dict[str, str], package: str = "more_modules") -> None:
    """A distribution whose package `package.<kind>` is the plug-in of `zoo.<kind>`; `modules`: code by file name."""
    kind = group.removeprefix("zoo.")
    (folder / package / kind).mkdir(parents=True)
    for name, code in {"__init__": "", **modules}.items():
        (folder / package / kind / f"{name}.py").write_text(code, "utf-8")
    write_metadata(folder, package, kind)


def write_metadata(folder: Path, package: str, kind: str = "families") -> None:
    """What names `package.<kind>` as a plug-in, beside or apart from the package."""
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package.replace('_', '-')}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[zoo.{kind}]\n{package} = {package}.{kind}\n")


def with_plugins(folder: Path) -> dict[str, str]:
    """The environment of a process that finds the distributions in `folder`."""
    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path}
