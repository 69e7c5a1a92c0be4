"""Families of other distributions: listed unread, built, and named where they are faulty."""

import subprocess
import sys

import pytest
from plugin_files import CODE, TOML, with_plugins, write_metadata, write_plugin

LIST = "import zoo; print(zoo.list_models('linear*'), len(zoo.list_models('resnet8')))"
BUILD = """
import zoo
try: print(zoo.create_model('linear_tiny', num_classes=7).output['logits'].shape)
except zoo.ZooError as error: print(error)
"""


def run_python(code, path):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=with_plugins(path))


def test_a_plugin_is_listed_without_being_imported(tmp_path):
    write_plugin(tmp_path)
    (tmp_path / "more_models" / "__init__.py").write_text("raise ImportError('it is not imported to be listed')")
    listed = run_python("import zoo; print(zoo.get_spec('linear_tiny').package, zoo.list_models('linear*'))", tmp_path)
    assert listed.stdout.strip() == "more_models.families ['linear_tiny']", listed.stderr


def test_an_editable_plugin_is_found_by_the_finder_that_its_installer_left(tmp_path):
    """As setuptools leaves a flat layout: the package is nowhere on the path, a finder of its own knows it."""
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    site.mkdir()
    elsewhere.mkdir()
    write_plugin(elsewhere)
    (elsewhere / "more_models-1.0.dist-info").rename(site / "more_models-1.0.dist-info")
    (site / "finder_of_more.py").write_text(
        "import sys\nfrom importlib.util import spec_from_file_location\nclass Finder:\n"
        "    @classmethod\n    def find_spec(cls, name, path=None, target=None):\n"
        "        if name == 'more_models':\n"
        f"            return spec_from_file_location(name, {str(elsewhere / 'more_models' / '__init__.py')!r})\n"
        "sys.meta_path.append(Finder)\n"
    )
    (site / "more_models.pth").write_text("import finder_of_more\n")
    found = run_python(f"import site; site.addsitedir({str(site)!r})\n{LIST}\n{BUILD}", site)
    assert found.stdout.split("\n")[:2] == ["['linear_tiny'] 1", "(None, 7)"], found.stderr


FAULTY = {
    "no package": (None, "the package `bad_models.families` of its entry point was not found"),
    "no paper": (TOML.replace("paper = 'Gauss 1809'", ""), "'paper' is missing"),
    "not TOML": ("task = ", "linear.toml: "),
    "a number": (TOML.replace("'Gauss 1809'", "1809"), "`paper` is a text, found 1809"),
    "our model": (
        TOML.replace("linear_tiny", "resnet8"),
        "it defines the model `resnet8`, which `zoo.families` defines",
    ),
}


@pytest.mark.parametrize("fault", FAULTY)
def test_a_faulty_plugin_is_named_and_passed_over(tmp_path, fault):
    toml, words = FAULTY[fault]
    if toml is None:
        write_metadata(tmp_path, "bad_models")
    else:
        write_plugin(tmp_path, package="bad_models", toml=toml)
    write_plugin(tmp_path)
    listed = run_python(LIST, tmp_path)
    assert listed.stdout.strip() == "['linear_tiny'] 1", listed.stderr
    (line,) = listed.stderr.splitlines()
    assert line.startswith("the plug-in `bad_models` of the distribution `bad-models` is left out: ")
    assert words in line


UNBUILDABLE = {
    "no_build": ("import keras", "it defines no function `build`"),
    "no_dict": (CODE.replace('{"logits": ', "[").replace("(x)})", "(x)])"), "are no dict, expected one by name"),
    "no_model": (CODE.replace("return keras.Model", "return zip"), "gave a zip, expected a functional Keras"),
    "no_package": ("import nopackage\n", "No module named 'nopackage'"),
    "no_python": ("def build(:\n", "SyntaxError"),
}


def test_a_plugin_that_cannot_be_built_is_a_sentence(tmp_path):
    families = write_plugin(tmp_path)
    for name, (code, _) in UNBUILDABLE.items():
        (families / f"{name}.toml").write_text(TOML.replace("linear_tiny", name))
        (families / f"{name}.py").write_text(code)
    build_all = f"for name in {list(UNBUILDABLE)}:\n    BUILD".replace("BUILD", BUILD.replace("\n", "\n    "))
    built = run_python(build_all.replace("'linear_tiny'", "name"), tmp_path)
    messages = [line for line in built.stdout.splitlines() if not line.startswith("hint: ")]
    for (name, (_, words)), message in zip(UNBUILDABLE.items(), messages, strict=True):
        assert message.startswith(f"the family `{name}` of `more_models.families` cannot build `{name}`: ")
        assert words in message
    assert "[train]" not in built.stdout
