"""What a predictor asks of the parts of a bundle: what an example holds, and whether a file is as its manifest says."""

from collections.abc import Iterator, Mapping

from zoo.bundle import Bundle
from zoo.errors import BundleError
from zoo.runtime.engine.litert import LiteRTRunner, Signature


def parts_of(decode: Mapping) -> list[str]:
    """The parts that a decode loop runs, in their order."""
    named = (decode.get(key) for key in ("part", "encode", "step"))
    return [part for part in named if part is not None]


def inputs_of(manifest: Mapping) -> dict[str, Mapping]:
    """The manifest's entries of what a user gives: what the first part takes, but for the token that a loop gives."""
    decode = manifest["decode"]
    first = parts_of(decode)[0]
    given_by_loop = {decode["token"]} if first == decode.get("step") else set()
    return {name: facts for name, facts in manifest["parts"][first]["inputs"].items() if name not in given_by_loop}


def batch_of(bundle: Bundle) -> int:
    """The first axis of all inputs and outputs of the first part.

    Raises:
        BundleError: they have not one for all.
    """
    part = bundle.parts[parts_of(bundle.manifest["decode"])[0]]
    shapes = [facts["shape"] for facts in (*part["inputs"].values(), *part["outputs"].values())]
    found = {shape[0] if shape else None for shape in shapes}
    if len(found) != 1 or None in found:
        raise BundleError(
            f"`{bundle.path / 'manifest.json'}` has inputs and outputs of unlike batches: found {shapes}, "
            "expected one first axis for all"
        )
    return found.pop()


def check_signature(name: str, part: Mapping, runner: LiteRTRunner) -> None:
    """The file must be what the manifest describes, or its numbers would mean something else.

    Raises:
        BundleError: the file lacks the signature, or it has other inputs or outputs.
    """
    signature = runner.signatures.get(name)
    if signature is None:
        raise BundleError(f"`{runner.path}` has no signature `{name}`: found {', '.join(runner.signatures)}")
    for kind in ("inputs", "outputs"):
        listed = {**part[kind], **part.get("state", {})}
        found = dict(_shapes(signature, kind))
        expected = {name: tuple(facts["shape"]) for name, facts in listed.items()}
        if found != expected:
            raise BundleError(f"`{runner.path}` has other {kind} than its manifest: found {found}, expected {expected}")


def _shapes(signature: Signature, kind: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    return ((name, tensor.shape) for name, tensor in getattr(signature, kind).items())
