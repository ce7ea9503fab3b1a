"""Names for everything pluggable. Listing imports nothing beyond the standard library.

Each package keeps a table `ENTRIES` in its `__init__.py`, from name to `"module:attribute"` or to
`("module:attribute", default_arguments)`. Other distributions join through entry points of the
group `saliency_zoo.<kind>s`, and a program through `register`.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator, Mapping

from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.signatures import made
from saliency_zoo.signatures import parameters as parameters

TYPE_CHECKING = False  # that of typing, which takes as long to import as a listing
if TYPE_CHECKING:
    from typing import Any

Target = str | Callable
Spec = str | Mapping


class Registry(Mapping):
    """A mapping from names to lazily imported classes or functions.

    Args:
        kind: what one entry is called in messages, e.g. `"network"`.
        package: the package whose `ENTRIES` table holds the built-in names.

    Example:
        >>> networks["thesis_conv"]                       # the function behind the name
        >>> networks.create({"name": "thesis_conv", "pooling": "average"}, classes=5)
    """

    def __init__(self, kind: str, package: str):
        self.kind = kind
        self.group = f"saliency_zoo.{kind}s"
        self._package = package
        self._registered: dict[str, tuple[Target, dict]] = {}

    @functools.cached_property
    def _entries(self) -> dict[str, tuple[Target, dict]]:
        table = _module(self._package).ENTRIES
        entries = {n: (e, {}) if isinstance(e, str) else e for n, e in table.items()}
        for name, target in _entry_points(self.group):
            entries.setdefault(name, (target, {}))
        return entries

    def register(self, name: str, target: Target | None = None, **defaults: Any) -> Callable:
        """Adds an entry; with no `target` it is a decorator. A name in use is refused.

        What an entry point of the same name leads to may register itself as well.
        """
        if target is None:
            return lambda decorated: self.register(name, decorated, **defaults)
        entry, _ = self._entries.get(name, (target, {}))
        if name in self._registered or not _same(entry, target):
            raise ZooError(f"A {self.kind} of this name is registered already. Received: {name!r}")
        self._registered[name] = (target, defaults)
        return target

    def unregister(self, name: str) -> None:
        """Takes back what `register` added."""
        if name not in self._registered:
            raise unknown(f"registered {self.kind}", name, self._registered)
        del self._registered[name]

    def resolve(self, name: str) -> tuple[Callable, dict]:
        """The class or function behind `name`, imported now, and its default arguments."""
        entry = self._registered.get(name) or self._entries.get(name)
        if entry is None:
            raise unknown(self.kind, name, self)
        target, defaults = entry
        if isinstance(target, str):
            target = self._imported(name, target)
        return target, defaults

    def _imported(self, name: str, place: str) -> Callable:
        module, _, attribute = place.partition(":")
        try:
            return getattr(_module(module), attribute)
        except (ModuleNotFoundError, AttributeError) as error:
            raise ZooError(
                f"The {self.kind} {name!r} cannot be imported: {error}. Received: {place!r}"
            ) from error

    def __getitem__(self, name: str) -> Callable:
        target, defaults = self.resolve(name)
        return functools.partial(target, **defaults) if defaults else target

    def __contains__(self, name: object) -> bool:
        return name in self._registered or name in self._entries  # Mapping's own would import it

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({**self._entries, **self._registered}))

    def __len__(self) -> int:
        return len({**self._entries, **self._registered})

    def create(self, spec: Spec, /, *args: Any, **arguments: Any) -> Any:
        """Calls the entry that `spec` names.

        Args:
            spec: a name, or a mapping of `name` and options; its options win over `arguments`.
            *args: passed on.
            **arguments: passed on.
        """
        name, options = split(spec, self.kind)
        target, defaults = self.resolve(name)
        options = {**defaults, **arguments, **options}
        return made(self.kind, name, target, *args, **options)


def split(spec: Spec, kind: str) -> tuple[str, dict[str, Any]]:
    """Name and options of `"max"` or of `{"name": "max", "pool_size": 3}`."""
    if isinstance(spec, str):
        return spec, {}
    if isinstance(spec, Mapping) and isinstance(spec.get("name"), str):
        return spec["name"], {k: v for k, v in spec.items() if k != "name"}
    raise ZooError(
        f"The {kind} is given by its name or by a table with a name and options. Received: {spec!r}"
    )


def _same(entry: Target, target: Target) -> bool:
    """Whether both are one thing, or `target` is that of the entry `"module:attribute"`.

    A package may give the thing out elsewhere than where it is defined.
    """
    if entry == target or not hasattr(target, "__qualname__"):
        return entry == target
    module, _, attribute = entry.partition(":")
    packages = {place.partition(".")[0] for place in (module, target.__module__)}
    return attribute == target.__qualname__ and len(packages) == 1


def _module(name: str):
    __import__(name)  # importlib is not loaded for a listing
    return sys.modules[name]


def _entry_points(group: str) -> list[tuple[str, str]]:
    """(name, "module:attribute") of the group in every installed distribution."""
    if not _mentions(group):
        return []
    from importlib.metadata import entry_points

    return [(e.name, e.value) for e in entry_points(group=group)]


def _mentions(group: str) -> bool:
    return any(f"[{group}]".encode() in text for text in _entry_point_files())


def folders(group: str) -> list[str]:
    """Folders that installed distributions name in a group, as `package:folder`.

    Only the packages around such a package are imported, and a package at the top has none.
    """
    found = []
    for _, value in sorted(_entry_points(group)):
        from importlib.util import find_spec

        package, _, folder = value.partition(":")
        try:
            spec = find_spec(package)
        except (ImportError, ValueError):  # of a distribution whose files have gone
            spec = None
        places = spec.submodule_search_locations if spec else None
        found += [os.path.join(place, folder) for place in places or ()]
    return found


@functools.cache
def _entry_point_files() -> list[bytes]:
    """Every entry_points.txt on the path that names this project.

    importlib.metadata alone takes longer to import than the whole listing may, so it is left
    alone where no plug-in is installed.
    """
    texts = []
    for folder in {p or "." for p in sys.path}:
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        for name in names:
            if name.endswith((".dist-info", ".egg-info")):
                try:
                    with open(os.path.join(folder, name, "entry_points.txt"), "rb") as file:
                        text = file.read()
                except OSError:
                    continue
                if b"[saliency_zoo." in text:
                    texts.append(text)
    return texts


detectors = Registry("detector", "saliency_zoo.saliency")
datasets = Registry("dataset", "saliency_zoo.data")
layers = Registry("layer", "saliency_zoo.layers")
networks = Registry("network", "saliency_zoo.networks")
learners = Registry("learner", "saliency_zoo.learners")
protocols = Registry("protocol", "saliency_zoo.evaluation")
pictures = Registry("picture", "saliency_zoo.pictures")

ALL = {r.kind: r for r in (detectors, datasets, layers, networks, learners, protocols, pictures)}


def register(kind: str, name: str, target: Target | None = None, **defaults: Any) -> Callable:
    """Adds a detector, dataset, layer, network, learner, protocol or picture; or as a decorator.

    Args:
        kind: which of them.
        name: its name; a layer's is `role.name`, e.g. `"pooling.median"`.
        target: class or function, or `"module:attribute"`.
        **defaults: arguments that this name stands for.

    Example:
        >>> @zoo.register("detector", "red")
        ... def red(images):
        ...     return images[..., 0] / 255
    """
    return _of_kind(kind).register(name, target, **defaults)


def unregister(kind: str, name: str) -> None:
    """Takes back what `register` added."""
    _of_kind(kind).unregister(name)


def _of_kind(kind: str) -> Registry:
    if kind not in ALL:
        raise unknown("kind of entry", kind, ALL)
    return ALL[kind]
