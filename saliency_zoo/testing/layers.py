"""The contract of layers."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from saliency_zoo.registry import layers, parameters
from saliency_zoo.testing.arrays import close, expect, finite, gradients, normal

_IMAGES = (2, 6, 6, 3)
_EXAMPLES = {
    "convolution": ({"filters": 4, "kernel_size": 3, "padding": "same"}, _IMAGES),
    "dense": ({"units": 4}, (2, 6)),
    "pooling": ({"pool_size": 2}, _IMAGES),
}


def layer_examples() -> Iterator[tuple[str, type, dict[str, Any], tuple]]:
    """One example of every registered layer.

    Yields:
        The name, the class, arguments of its constructor, and the shape of its input with the
        batch axis, or a tuple of shapes where it takes a list of several inputs. Both come from
        the class method `example` where the class has one, else from the role in the name.
    """
    for name in layers:
        cls, defaults = layers.resolve(name)
        if hasattr(cls, "example"):
            arguments, shape = cls.example()
        else:
            arguments, shape = _EXAMPLES.get(name.partition(".")[0], ({}, _IMAGES))
            accepted = parameters(cls)
            arguments = {k: v for k, v in arguments.items() if accepted is None or k in accepted}
        yield name, cls, {**arguments, **defaults}, shape


def check_layer(cls: type, arguments: Mapping[str, Any], shape: Sequence) -> None:
    """Checks what every layer owes: shapes, saving, dtype policies, finite gradients.

    Args:
        cls: the layer's class.
        arguments: arguments of its constructor.
        shape: shape of its input with the batch axis, or a tuple of shapes.

    Example:
        >>> check_layer(LpPooling2D, {"p": 3}, (2, 6, 6, 3))
    """
    inputs = _inputs(shape)
    config = keras.saving.serialize_keras_object(cls(**arguments))

    def fresh() -> keras.layers.Layer:
        return keras.saving.deserialize_keras_object(config)

    expect(type(fresh()) is cls, f"{cls.__name__} is not registered as Keras-serialisable")
    again = keras.saving.serialize_keras_object(fresh())
    expect(
        again["config"] == config["config"], f"{cls.__name__}.get_config changes in a round trip"
    )
    _check_shapes(fresh(), inputs)
    _check_modes_and_gradients(fresh(), inputs)
    _check_saving(fresh(), inputs)
    _check_policies(fresh, inputs)


def _check_shapes(layer: keras.layers.Layer, inputs: Any) -> None:
    batch = len(keras.tree.flatten(inputs)[0])
    for given in (_symbols(inputs, None), _symbols(inputs, batch), inputs):
        promised, found = _promised(layer, given), _shape(layer(given))
        expect(
            promised == found,
            f"{layer.name}: compute_output_shape promises {promised}, a call gives {found}",
        )


def _check_modes_and_gradients(layer: keras.layers.Layer, inputs: Any) -> None:
    outputs = keras.tree.flatten(layer(inputs, training=False))
    expect(all(map(finite, outputs)), f"{layer.name}: inference is not finite")
    sources = [keras.Variable(x) for x in keras.tree.flatten(inputs)]

    def loss():
        values = [source.value for source in sources]
        outputs = layer(keras.tree.pack_sequence_as(inputs, values), training=True)
        # Uneven weights: the plain sum of what a normalisation gives has no gradient.
        return sum(ops.sum(o * normal(o.shape, seed=1)) for o in keras.tree.flatten(outputs))

    found = gradients(loss, [*sources, *layer.trainable_variables])
    expect(all(map(finite, found)), f"{layer.name}: a gradient is not finite")
    for variable, gradient in zip(layer.trainable_variables, found[len(sources) :], strict=True):
        expect(np.any(gradient), f"{layer.name}: no gradient reaches {variable.path}")


def _check_saving(layer: keras.layers.Layer, inputs: Any) -> None:
    symbols = _symbols(inputs, None)
    model = keras.Model(symbols, layer(symbols))
    for variable in layer.trainable_variables:  # so that no weight has the value of a fresh one
        variable.assign(variable + 0.1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        loaded = keras.saving.load_model(path)
    close(loaded(inputs), model(inputs), 1e-6, f"{layer.name} after saving and loading")
    copy = type(layer).from_config(layer.get_config())
    copy(inputs)
    copy.set_weights(layer.get_weights())
    close(copy(inputs), layer(inputs), 1e-6, f"{layer.name} after a round trip of its config")


def _check_policies(fresh: Callable[[], keras.layers.Layer], inputs: Any) -> None:
    """Sixteen-bit computation keeps 32-bit weights and comes near the 32-bit result."""
    exact = fresh()
    expected, weights = exact(inputs), exact.get_weights()
    config = keras.saving.serialize_keras_object(exact)
    coarse = keras.saving.deserialize_keras_object(_with_policy(config, "mixed_bfloat16"))
    given = coarse(inputs)
    kinds = {keras.backend.standardize_dtype(o.dtype) for o in keras.tree.flatten(given)}
    expect(kinds == {"bfloat16"}, f"{exact.name}: outputs {kinds} under mixed_bfloat16")
    floats = [w for w in coarse.weights if "float" in w.dtype]
    expect(all(w.dtype == "float32" for w in floats), f"{exact.name}: weights are not float32")
    coarse.set_weights(weights)
    close(coarse(inputs), expected, 0.05, f"{exact.name} under mixed_bfloat16")
    found = coarse(inputs, training=True)
    expect(all(map(finite, keras.tree.flatten(found))), f"{exact.name}: mixed training")


def _inputs(shape: Sequence) -> Any:
    several = isinstance(shape[0], (tuple, list))
    return [normal(s, seed) for seed, s in enumerate(shape)] if several else normal(shape)


def _symbols(inputs: Any, batch: int | None) -> Any:
    return keras.tree.map_structure(lambda x: keras.Input(x.shape[1:], batch_size=batch), inputs)


def _shape(outputs: Any) -> Any:
    """Shapes as tuples, in a list where there are several."""
    if isinstance(outputs, (list, tuple)):
        return [tuple(o.shape) for o in outputs]
    return tuple(outputs.shape)


def _promised(layer: keras.layers.Layer, inputs: Any) -> Any:
    shape = layer.compute_output_shape(_shape(inputs))
    several = len(shape) > 0 and isinstance(shape[0], (tuple, list))
    return [tuple(s) for s in shape] if several else tuple(shape)


def _with_policy(config: Any, policy: str) -> Any:
    """The configuration of a layer and of all layers inside it, under another dtype policy."""
    if isinstance(config, list):
        return [_with_policy(entry, policy) for entry in config]
    if not isinstance(config, dict):
        return config
    return {k: policy if k == "dtype" else _with_policy(v, policy) for k, v in config.items()}
