"""A layer from a role and what a network, a recipe or a user said of it."""

from collections.abc import Callable, Mapping
from typing import Any

import keras

from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.registry import layers, split

LayerSpec = str | Mapping[str, Any] | Callable[..., keras.layers.Layer]


def make(role: str, spec: LayerSpec, **arguments: Any) -> keras.layers.Layer:
    """Makes the layer `role.name`.

    Args:
        role: e.g. `"pooling"`.
        spec: a registered name, a table of name and options, or a layer class.
        **arguments: what the caller needs of it; options in `spec` win.

    Example:
        >>> make("pooling", {"name": "lp", "p": 3}, pool_size=2)
    """
    if isinstance(spec, keras.layers.Layer):
        raise ZooError(
            f"A {role} is made anew at each place: give its class or name, not a layer. "
            f"Received: {spec}"
        )
    if callable(spec):
        return spec(**arguments)
    name, options = split(spec, role)
    choices = names(role)
    if name not in choices:
        raise unknown(role, name, choices)
    return layers.create({"name": f"{role}.{name}", **options}, **arguments)


def custom_objects() -> dict[str, type]:
    """The registered layers that Keras has not, by which `keras.saving.load_model` knows them.

    Example:
        >>> model = keras.saving.load_model("mine.keras", custom_objects=zoo.custom_objects())
    """
    classes = [layers.resolve(name)[0] for name in layers]
    found = {keras.saving.get_registered_name(c): c for c in classes if isinstance(c, type)}
    return {name: cls for name, cls in found.items() if not cls.__module__.startswith("keras.")}


def names(role: str) -> list[str]:
    """The names registered for `role`."""
    return [n.removeprefix(f"{role}.") for n in layers if n.startswith(f"{role}.")]
