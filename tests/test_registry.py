"""Names, tags, wildcards and plug-ins, without Keras."""

import os
import subprocess
import sys
import textwrap

import pytest

from zoo import registry
from zoo.errors import InputError, UnknownNameError, ZooError


def test_list_models_takes_wildcards_and_tasks():
    names = registry.list_models()
    assert names == sorted(names)
    assert {"resnet8", "resnet20", "ecg_cnn13", "ecg_lstm4"} <= set(names)
    assert registry.list_models("resnet?") == ["resnet8"]
    assert registry.list_models("nothing*") == []
    assert registry.list_models(task="classification") == names
    with pytest.raises(UnknownNameError, match="unknown task: `clasification`; the nearest are `classification`"):
        registry.list_models(task="clasification")


def test_every_family_has_a_tiny_model_and_facts():
    families = {registry.get_spec(name).family for name in registry.list_models()}
    assert families == {registry.get_spec(name).family for name in registry.list_models("*_tiny")}
    for name in registry.list_models():
        assert registry.get_spec(name).facts["parameters"] < 20_000 or not name.endswith("_tiny")


def test_extends_takes_over_what_it_does_not_replace():
    assert registry.get_spec("resnet56").arguments == {**registry.get_spec("resnet20").arguments, "depth": 56}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("resnet9", "unknown model: `resnet9`; the nearest are `resnet8`"),
        ("resnet20.cifar100", "`resnet20.cifar100` is not a pretrained tag of `resnet20`"),
    ],
)
def test_wrong_names_list_what_there_is(name, message):
    with pytest.raises(UnknownNameError, match=message):
        registry.get_spec(name)


def test_tags_are_the_bundles_of_every_root(tmp_path, monkeypatch):
    (tmp_path / "resnet8.mine").mkdir()
    (tmp_path / "resnet8.mine" / "manifest.json").touch()
    (tmp_path / "resnet8.unfinished").mkdir()
    monkeypatch.setenv("ZOO_HOME", str(tmp_path))
    assert "mine" in registry.tags("resnet8")
    assert "unfinished" not in registry.tags("resnet8")
    assert registry.get_spec("resnet8.mine").full_name == "resnet8.mine"
    assert "resnet8.mine" in registry.list_models("resnet8", pretrained=True)
    assert registry.list_models("resnet8.m*") == ["resnet8.mine"]


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("task = 'x'\nsummary = 'x'\n[a]\n", "'paper' is missing"),
        ("task = 'x'\nsummary = 'x'\npaper = 'x'\n[Big-Name]\n", "found `Big-Name`"),
        ("task = 'x'\nsummary = 'x'\npaper = 'x'\n[a]\nextends = 'b'\n", "`a` extends `b`, which is not in this file"),
        ("task = 'x'\nsummary = 'x'\npaper = 'x'\n[a]\nextends = 'a'\n", "`a` extends `a`, which extends it"),
        ("task = ", "family.toml: "),
    ],
)
def test_a_faulty_family_file_names_itself(tmp_path, toml, message):
    path = tmp_path / "family.toml"
    path.write_text(toml)
    with pytest.raises(ZooError, match=message):
        list(registry._read_family(path, "package", {}))


@pytest.fixture
def plugin(tmp_path):
    """A distribution on disk with one family, as an installer leaves it: a package and its metadata."""
    package = tmp_path / "more_models" / "families"
    package.mkdir(parents=True)
    (tmp_path / "more_models" / "__init__.py").write_text("raise ImportError('a plug-in is not imported to be listed')")
    (package / "__init__.py").touch()
    (package / "linear.toml").write_text(
        "task = 'classification'\nsummary = 'A line'\npaper = 'Gauss 1809'\n[linear_tiny]\nnum_classes = 3\n"
    )
    (package / "linear.py").write_text(
        textwrap.dedent("""
        import keras

        def build(*, num_classes):
            x = keras.Input((4,), name="x")
            return keras.Model({"x": x}, {"logits": keras.layers.Dense(num_classes, name="logits")(x)})
        """)
    )
    info = tmp_path / "more_models-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: more-models\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[zoo.families]\nlinear = more_models.families\n")
    return tmp_path


def run_python(code, path):
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(path)},
    )


def test_a_plugin_is_listed_without_being_imported(plugin):
    listed = run_python("import zoo; print(zoo.get_spec('linear_tiny').package, zoo.list_models('linear*'))", plugin)
    assert listed.stdout.strip() == "more_models.families ['linear_tiny']", listed.stderr


def test_a_plugin_is_built(plugin):
    (plugin / "more_models" / "__init__.py").write_text("")
    code = "import zoo; print(zoo.create_model('linear_tiny', num_classes=7).output['logits'].shape)"
    built = run_python(code, plugin)
    assert built.stdout.strip() == "(None, 7)", built.stderr


def test_two_packages_may_not_define_one_name(plugin):
    (plugin / "more_models" / "families" / "linear.toml").write_text(
        "task = 'x'\nsummary = 'x'\npaper = 'x'\n[resnet8]\n"
    )
    clash = run_python("import zoo; zoo.list_models()", plugin)
    assert "two packages define the model `resnet8`: zoo.families and more_models.families" in clash.stderr


def test_create_model_refuses_an_unknown_argument():
    from zoo.families import create_model

    with pytest.raises(InputError, match="`resnet8` has no argument `classes`; the nearest are `num_classes`"):
        create_model("resnet8", classes=2)


def test_the_public_face_names_what_it_has():
    import zoo

    assert set(dir(zoo)) == set(zoo.__all__)
    with pytest.raises(AttributeError, match="it has list_models, get_spec"):
        zoo.load_models  # noqa: B018
