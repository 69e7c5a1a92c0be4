"""The floors that run on a device import and predict where the packages of training cannot be imported."""

import subprocess
import sys

SCRIPT = """
import sys

class Refuse:
    heavy = {"tensorflow", "keras", "tensorflow_datasets", "sklearn", "pydantic", "yaml", "matplotlib", "jax", "torch"}

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.heavy:
            raise ModuleNotFoundError(f"{name} is not installed", name=name)

sys.meta_path.insert(0, Refuse())

import pkgutil, importlib
import zoo, zoo.errors, zoo.registry, zoo.bundle, zoo.runtime
for module in pkgutil.walk_packages(zoo.runtime.__path__, "zoo.runtime."):
    importlib.import_module(module.name)

bundle = zoo.load_bundle(sys.argv[1])
for target in bundle.targets:
    print(zoo.runtime.load(bundle, target)("ecg=" + sys.argv[2] + ",rr=" + sys.argv[3]))
"""


def test_predicts_without_tensorflow(bundles, tmp_path):
    (tmp_path / "ecg.csv").write_text("volt\n" + "\n".join("0.1" for _ in range(12)))
    (tmp_path / "rr.csv").write_text("0.8,0.9,1.0,1.1")
    process = subprocess.run(
        [sys.executable, "-c", SCRIPT, bundles / "beat.test", tmp_path / "ecg.csv", tmp_path / "rr.csv"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert process.returncode == 0, process.stderr
    assert "(beat.test, float32)" in process.stdout
    assert "(beat.test, int8)" in process.stdout


def test_a_base_install_has_a_public_face_without_what_trains():
    """`hasattr` and `help` ask for every name; a use of one says which extra brings it."""
    refuse = SCRIPT[: SCRIPT.index("import pkgutil")]
    script = (
        refuse
        + """
import pydoc, zoo
assert not hasattr(zoo, "export_model") and hasattr(zoo, "load_bundle")
assert "Importing `zoo` imports none of this" in pydoc.render_doc(zoo)
load = lambda: zoo.load_model("resnet_tiny.digits")
for use in (lambda: zoo.export_model, lambda: zoo.create_model("resnet8"), load):
    try:
        use()
    except zoo.ZooError as error:
        print(type(error).__name__, error.hint)
"""
    )
    process = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    kinds = [line.split()[0] for line in process.stdout.splitlines()]
    assert kinds == ["MissingAttributeError", "MissingExtraError", "MissingExtraError"]
    assert process.stdout.count('`pip install "hybrid-zoo[train]"` brings it') == 3


def test_a_prediction_imports_no_more_than_it_needs(bundles, tmp_path):
    """What a cold start costs is imports."""
    (tmp_path / "x.csv").write_text("0,1,2,3,4,5,6,7,8,9")
    script = (
        "import sys, zoo; zoo.runtime.load(sys.argv[1])(sys.argv[2]);"
        "print(*({name.partition('.')[0] for name in sys.modules} & {'tensorflow', 'keras', 'PIL', 'rich', 'typer'}))"
    )
    process = subprocess.run(
        [sys.executable, "-c", script, bundles / "own.test", tmp_path / "x.csv"], capture_output=True, text=True
    )
    assert (process.returncode, process.stdout.split()) == (0, []), process.stderr
