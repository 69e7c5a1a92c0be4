"""Which layer an error came from, and what it said: Keras tells the first in a trace, or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import keras
import tensorflow as tf
from keras.src.ops.function import Function

from zoo._system.replaced import replaced
from zoo.errors import ZooError

_LONGEST = 300


@dataclass
class Blame:
    """What was being called when an error was raised: the innermost layer or operation of `keras.ops`."""

    operation: keras.Operation | None = None

    def said(self, error: Exception) -> str:
        """One sentence: which layer failed, and why."""
        said = first_words(error)
        return f"{titled(self.operation)} cannot take what it is given: {said}" if self.operation else said


@contextmanager
def blaming() -> Iterator[Blame]:
    """Notes which layer raises an error while it lasts; not for two threads at once."""
    blame = Blame()

    def noting(original: Callable) -> Callable:
        def call(operation, *args, **kwargs):
            try:
                return original(operation, *args, **kwargs)
            except ZooError:
                raise
            except Exception:
                blame.operation = blame.operation or operation
                raise

        return call

    def in_a_graph(original: Callable) -> Callable:
        """A functional model asks its layers for the shapes alone, without calling them."""

        def run(graph, inputs, operation_fn=lambda operation: operation, call_fn=None):
            def of(operation):
                asked = noting(lambda _, *given, **options: operation_fn(operation)(*given, **options))
                return lambda *given, **options: asked(operation, *given, **options)

            return original(graph, inputs, operation_fn if call_fn else of, call_fn)

        return run

    # A layer checks its inputs before it calls what it is as an operation.
    with (
        replaced(keras.Layer, "__call__", noting(keras.Layer.__call__)),
        replaced(keras.Operation, "__call__", noting(keras.Operation.__call__)),
        replaced(Function, "_run_through_graph", in_a_graph(Function._run_through_graph)),
    ):
        yield blame


@contextmanager
def marking(origins: dict[str, keras.Operation]) -> Iterator[None]:
    """While it lasts, notes the innermost layer or operation that made each node of the TensorFlow graph traced."""

    def marked(original: Callable) -> Callable:
        def call(operation, *args, **kwargs):
            graph = tf.compat.v1.get_default_graph()
            before = len(graph.get_operations())
            outputs = original(operation, *args, **kwargs)
            for node in graph.get_operations()[before:]:
                origins.setdefault(node.name, operation)
            return outputs

        return call

    with replaced(keras.Operation, "__call__", marked(keras.Operation.__call__)):
        yield


def titled(operation: keras.Operation) -> str:
    """A layer or an operation of `keras.ops` as errors name it."""
    return f"layer `{operation.name}` ({type(operation).__name__})"


def first_words(error: Exception) -> str:
    """What went wrong, without what Keras writes around it."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    lines = [line.strip() for line in plain.splitlines()]
    telling = [line for line in lines if line and not line.startswith(("Exception encountered when calling", "{{"))]
    return (telling[0] if telling else type(error).__name__).rstrip(".")[:_LONGEST]
