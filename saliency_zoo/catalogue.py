"""What there is, by name. Standard library only, so that a listing takes no longer than it must."""

from __future__ import annotations

import fnmatch

from saliency_zoo import presets, registry
from saliency_zoo.errors import ZooError

TYPE_CHECKING = False  # that of typing, which takes as long to import as a listing
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


def list_models(
    pattern: str = "*", pretrained: bool | None = None, features: bool = False
) -> list[str] | list[dict[str, Any]]:
    """Names of networks and of presets, or what each of them gives where.

    Args:
        pattern: shell pattern, e.g. `"vgg*"`.
        pretrained: only presets (True), only networks (False), or both.
        features: instead of a name a row, as of `saliency_zoo.networks.outline.outline`.

    Example:
        >>> zoo.list_models("vgg*", pretrained=True)
        ['vgg11.contrastive_tin10']
        >>> zoo.list_models("lenet5", features=True)[0]["stages"][0]
        {'name': 'stage1', 'channels': 6, 'reduction': 2}
    """
    rows = [row for row in catalogue(pattern) if row["kind"] in ("network", "preset")]
    rows = [row for row in rows if pretrained in (None, row["pretrained"])]
    return list(_outlined(rows)) if features else [row["name"] for row in rows]


def _outlined(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """One row for each of which it can be told; of others, such as damaged ones, a warning."""
    import logging

    from saliency_zoo.networks.outline import outline

    for name, pretrained in ((row["name"], row["pretrained"]) for row in rows):
        try:
            spec = presets.card(name)["model"]["network"] if pretrained else name
            yield {"name": name, **outline(spec)}
        except ZooError as error:
            logging.getLogger(__name__).warning("%s is left out: %s", name, error)


def catalogue(pattern: str = "*") -> list[dict[str, Any]]:
    """One row for each preset and each registered name that the pattern matches."""
    rows = [{"name": n, "kind": "preset", "pretrained": True} for n in presets.names()]
    for kind, known in registry.ALL.items():
        rows += [{"name": n, "kind": kind, "pretrained": False} for n in known]
    return [row for row in rows if fnmatch.fnmatchcase(row["name"], pattern)]
