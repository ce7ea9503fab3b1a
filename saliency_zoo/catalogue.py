"""What there is, by name. Standard library only, so that a listing takes no longer than it must."""

from __future__ import annotations

import fnmatch

from saliency_zoo import presets, registry

TYPE_CHECKING = False  # that of typing, which takes as long to import as a listing
if TYPE_CHECKING:
    from typing import Any


def list_models(pattern: str = "*", pretrained: bool | None = None) -> list[str]:
    """Names of networks and of presets.

    Args:
        pattern: shell pattern, e.g. `"*dual*"`.
        pretrained: only presets (True), only networks (False), or both.

    Example:
        >>> zoo.list_models("*dual*")
        ['thesis_conv.dual_path_quickstart']
    """
    rows = [row for row in catalogue(pattern) if row["kind"] in ("network", "preset")]
    return [row["name"] for row in rows if pretrained in (None, row["pretrained"])]


def catalogue(pattern: str = "*") -> list[dict[str, Any]]:
    """One row for each preset and each registered name that the pattern matches."""
    rows = [{"name": n, "kind": "preset", "pretrained": True} for n in presets.names()]
    for kind, known in registry.ALL.items():
        rows += [{"name": n, "kind": kind, "pretrained": False} for n in known]
    return [row for row in rows if fnmatch.fnmatchcase(row["name"], pattern)]
