"""A SavedModel in memory: its signatures, each a function from uint8 images to named arrays."""

import dataclasses
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from saliency_zoo.errors import ZooError

INPUT, DEFAULT = "image", "serving_default"
_TRIAL = (1, 32, 32)
_BRANCHING = frozenset(("While", "StatelessWhile", "If", "StatelessIf", "Case", "StatelessCase"))


@dataclasses.dataclass(frozen=True, eq=False)
class Signature:
    """One thing that a model does with images.

    Args:
        name: e.g. `"encode"`.
        channels: of its images.
        outputs: type and shape of each output, with -1 for what the images decide.
        call: from uint8 images (N, H, W, channels) to the outputs.
    """

    name: str
    channels: int
    outputs: dict[str, tuple[str, tuple[int, ...]]]
    call: Callable[[np.ndarray], dict[str, np.ndarray]]


def load(folder: str | Path) -> dict[str, Signature]:
    """The signatures of the SavedModel in a folder, each of which has run once.

    They run in a session of a graph: a call of it takes half as long as one of a function in eager
    mode, where the model is small, and holds the interpreter's lock for less of that.
    """
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        functions = tf.saved_model.load(str(folder)).signatures
        if DEFAULT not in functions:
            raise ZooError(f"A model that is served has {DEFAULT!r}. Received: {sorted(functions)}")
        session = tf.compat.v1.Session(config=_configuration(graph))
        found = {name: _signature(name, functions[name], session) for name in functions}
        start = tf.compat.v1.global_variables_initializer, tf.compat.v1.tables_initializer
        session.run([each() for each in start])
    for signature in found.values():
        signature.call(np.zeros((*_TRIAL, signature.channels), "uint8"))
    return found


def _configuration(graph: Any) -> Any:
    """One thread goes through the nodes of a graph without loops; it starts no others for them."""
    import tensorflow as tf

    config = tf.compat.v1.ConfigProto()
    nodes = itertools.chain.from_iterable(
        function.node_def for function in graph.as_graph_def().library.function
    )
    if not any(node.op in _BRANCHING for node in nodes):
        config.experimental.executor_type = "SINGLE_THREADED_EXECUTOR"
    return config


def _signature(name: str, function: Any, session: Any) -> Signature:
    import tensorflow as tf

    inputs = function.structured_input_signature[1]
    spec = inputs.get(INPUT)
    if len(inputs) != 1 or spec is None or spec.dtype != tf.uint8 or spec.shape.rank != 4:
        raise ZooError(
            f"A signature that is served takes uint8 images (N, H, W, C) as {INPUT!r}. "
            f"Received: {name!r}, which takes {inputs}"
        )
    images = tf.compat.v1.placeholder(spec.dtype, spec.shape)
    outputs = {
        output: (value.dtype.name, tuple(-1 if n is None else n for n in value.shape))
        for output, value in sorted(function.structured_outputs.items())
    }
    call = session.make_callable(function(**{INPUT: images}), [images])
    return Signature(name, spec.shape[-1], outputs, call)
