"""Which operators a graph may hold that came without layers: those that only compute, and variables."""

from collections.abc import Iterable

from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.python.framework import op_def_registry

from zoo.errors import InputError

LOOPS = frozenset(
    ("While", "StatelessWhile", "For", "LoopCond", "NextIteration", "CudnnRNN", "CudnnRNNV2", "CudnnRNNV3")
)
"""How TensorFlow writes a recurrence, or whatever else goes on until something is true."""

_VARIABLES = frozenset(
    (
        *("Assert", "If", "StatefulPartitionedCall"),
        *("AssignVariableOp", "ReadVariableOp", "VarHandleOp", "VarIsInitializedOp", "Variable", "VariableV2"),
        *("DisableCopyOnRead", "MergeV2Checkpoints", "RestoreV2", "SaveV2"),
    )
)
"""What TensorFlow itself writes of any model with variables, and branches."""
_FAMILIES = ("Cudnn", "Multinomial", "Random", "Resource", "TruncatedNormal")
"""Beginnings of the names of those that draw noise, or look up and train variables; most are in training functions."""
_REACH_OUT = frozenset(("EagerPyFunc", "MatchingFiles", "PyFunc", "PyFuncStateless", "ReadFile"))
"""Those that do more than to compute though TensorFlow counts some of them among the pure."""


def nodes_of(graph: GraphDef) -> Iterable[NodeDef]:
    """Every node of a graph and of its functions."""
    yield from graph.node
    for function in graph.library.function:
        yield from function.node_def


def check_operators(graph: GraphDef, name: str) -> None:
    """Refuses what may read or write files, run Python or keep a state, before any of it is loaded.

    Args:
        graph: with its functions.
        name: of the file, for messages.

    Raises:
        InputError: the message names the operator and its node.
    """
    functions = {function.signature.name for function in graph.library.function}
    for node in nodes_of(graph):
        if not _only_computes(node.op, functions):
            raise InputError(
                f"`{name}` is refused: `{node.op}` in `{node.name}` does more than to compute, or is no operator of "
                "TensorFlow's own",
                "save a function that takes arrays and gives arrays; files, tables and Python stay outside of it",
            )


def _only_computes(operator: str, functions: set[str]) -> bool:
    if operator in _VARIABLES or operator in functions:
        return True
    known = op_def_registry.get(operator)
    if known is None or operator in _REACH_OUT:
        return False
    return not known.is_stateful or operator in LOOPS or operator.startswith(_FAMILIES)
