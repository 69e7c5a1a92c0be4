"""Build hook: the wheel carries the recipes and the pretrained bundles that stand beside the package in a checkout."""

from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Shipped(BuildHookInterface):
    """Adds `recipes/` and `saved_models/` to a wheel as `zoo/_shipped/`.

    The SavedModel of a bundle stays out: a device has no use for it, and it is as large as all other files together.
    An editable install reads the checkout itself (`zoo.paths.shipped`).
    """

    def initialize(self, version: str, build_data: dict) -> None:
        if version == "editable":
            return
        root = Path(self.root)
        for folder in ("recipes", "saved_models"):
            for path in sorted((root / folder).rglob("*")):
                relative = path.relative_to(root)
                if path.is_file() and "saved_model" not in relative.parts and "__pycache__" not in relative.parts:
                    build_data["force_include"][str(path)] = f"zoo/_shipped/{relative.as_posix()}"
