"""Names, tags, wildcards and plug-ins, without Keras."""

import pytest

from zoo import registry
from zoo.errors import InputError, UnknownNameError, ZooError


def test_list_models_takes_wildcards_and_tasks():
    names = registry.list_models()
    resnets = [name for name in names if name.startswith("resnet")]
    assert resnets == ["resnet8", "resnet20", "resnet32", "resnet56", "resnet110", "resnet_tiny"]
    assert {name.partition("_")[0] for name in names[: names.index("resnet8")]} == {"ecg"}
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


def test_create_model_refuses_an_unknown_argument():
    from zoo.families import create_model

    with pytest.raises(InputError, match="`resnet8` has no argument `classes`; the nearest are `num_classes`"):
        create_model("resnet8", classes=2)


def test_the_public_face_names_what_it_has():
    import zoo

    assert set(dir(zoo)) == set(zoo.__all__)
    with pytest.raises(AttributeError, match="it has list_models, get_spec"):
        zoo.load_models  # noqa: B018
