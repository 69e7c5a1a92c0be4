"""Which operators a graph may hold that came without layers: those that only compute, and variables."""

import re
from collections.abc import Iterable

from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.python.framework import op_def_registry

from zoo.errors import InputError

LOOPS = frozenset(
    ("While", "StatelessWhile", "For", "LoopCond", "NextIteration", "CudnnRNN", "CudnnRNNV2", "CudnnRNNV3")
)
"""How TensorFlow writes a recurrence, or whatever else goes on until something is true."""

_CALLS = frozenset(("Assert", "If", "StatefulPartitionedCall"))
"""Stateful by TensorFlow's word, as they may hold or end something; what they hold is looked at as well."""
VARIABLES = frozenset(
    ("AssignVariableOp", "ReadVariableOp", "VarHandleOp", "VarIsInitializedOp", "Variable", "VariableV2")
)
"""What holds variables: in functions that are not frozen yet."""
SAVING = frozenset(
    ("DisableCopyOnRead", "MergeV2Checkpoints", "RestoreV2", "SaveV2", "ShardedFilename", "ShardedFilespec")
)
"""What TensorFlow writes beside the functions of a model, to save and restore its variables."""
_TRAINING = ("Cudnn", "Multinomial", "Random", "Resource", "TruncatedNormal")
"""Beginnings of the names of those that draw noise, or look up and train variables; most are in training functions."""
_REACH_OUT = re.compile("CustomCall|Dataset|Debug|File|PyFunc|Reader")
"""Parts of the names of those that do more than to compute, though TensorFlow counts some of them among the pure."""


def nodes_of(graph: GraphDef) -> Iterable[NodeDef]:
    """Every node of a graph and of its functions."""
    yield from graph.node
    for function in graph.library.function:
        yield from function.node_def


def check_operators(graph: GraphDef, name: str, others: frozenset[str] = frozenset()) -> None:
    """Refuses what may read or write files, run Python or keep a state, before any of it is loaded or run.

    Args:
        graph: with its functions.
        name: of the file or layer, for messages.
        others: operators that are in their place here: `VARIABLES`, `SAVING`.

    Raises:
        InputError: the message names the operator and its node.
    """
    allowed = {function.signature.name for function in graph.library.function} | LOOPS | _CALLS | others
    for node in nodes_of(graph):
        if node.op not in allowed and not _only_computes(node.op):
            raise InputError(
                f"`{name}` is refused: `{node.op}` in `{node.name}` does more than to compute, or is no operator of "
                "TensorFlow's own",
                "save a function that takes arrays and gives arrays; files, tables and Python stay outside of it",
            )


def _only_computes(operator: str) -> bool:
    known = op_def_registry.get(operator)
    if known is None or _REACH_OUT.search(operator):
        return False
    return not known.is_stateful or operator.startswith(_TRAINING)
