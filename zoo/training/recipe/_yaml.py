"""Reading YAML without its traps: safe, no key twice, and no value that YAML 1.1 and 1.2 read differently.

`1e-4` is a number (1.1 takes it for a text).  What one takes for a number, a date or a truth and the other for
something else is a text here, which no number's key accepts: `010` (8 or 10), `1:30` (90), `0x1f`, `1_000`, `yes`.
"""

import re

import yaml


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with numbers that all readers agree on, without silent duplicates and without aliases.

    A recipe has no use for `*alias`, and a few lines of them stand for gigabytes.
    """

    def compose_node(self, parent, index):
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases (`*name`) are not read")
        return super().compose_node(parent, index)

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if twice := [key for key in keys if keys.count(key) > 1]:
            raise yaml.YAMLError(f"the key `{twice[0]}` stands there twice")
        return super().construct_mapping(node, deep)


_NUMBERS_AND_TRUTHS = ("float", "int", "bool", "timestamp")
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.rpartition(":")[2] not in _NUMBERS_AND_TRUTHS]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class _Dumper(yaml.SafeDumper):
    """PyYAML's safe dumper, which also quotes the texts that our loader would take for something else."""


for _kind, _pattern, _first in (
    ("int", r"[-+]?(0|[1-9][0-9]*)$", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?$|[-+]?\.(inf|Inf|INF)$|\.(nan|NaN|NAN)$",
        "-+0123456789.",
    ),
    ("bool", r"(true|True|TRUE|false|False|FALSE)$", "tTfF"),
):
    for _reads_or_writes in (_Loader, _Dumper):
        _reads_or_writes.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(_pattern), list(_first))


def parse(text: str) -> object:
    """The value of a YAML text.

    Raises:
        yaml.YAMLError: it is not YAML, or has a key twice.
    """
    try:
        return yaml.load(text, _Loader)
    except ValueError as error:  # a number of thousands of digits
        raise yaml.YAMLError(str(error)) from error


def render(values: dict) -> str:
    """`values` as YAML, in their order."""
    return yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
