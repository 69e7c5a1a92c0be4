"""A distribution on disk that adds families, as an installer leaves it: a package and its metadata."""

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


def write_metadata(folder: Path, package: str, group: str = "families") -> None:
    """What names `package.families`, or the like, as a plug-in, beside or apart from the package."""
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package.replace('_', '-')}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[zoo.{group}]\n{package} = {package}.{group}\n")
