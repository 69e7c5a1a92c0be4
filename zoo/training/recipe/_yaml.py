"""Reading YAML without its traps: safe, no key twice, and `1e-4` is a number (YAML 1.1 takes it for a text)."""

import re

import yaml


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with the floats of YAML 1.2, without silent duplicates and without aliases.

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


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:float"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$|[-+]?\.(inf|Inf|INF)$|\.(nan|NaN|NAN)$"),
    list("-+0123456789."),
)


def parse(text: str) -> object:
    """The value of a YAML text.

    Raises:
        yaml.YAMLError: it is not YAML, or has a key twice.
    """
    return yaml.load(text, _Loader)


def render(values: dict) -> str:
    """`values` as YAML, in their order."""
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
