"""What a name stands for, in words for a terminal."""

import inspect
from pathlib import Path
from typing import Any, NamedTuple

from saliency_zoo import presets, registry
from saliency_zoo.cards import CARD
from saliency_zoo.errors import unknown


class Description(NamedTuple):
    """The same thing for a person and for a program."""

    text: str
    data: dict[str, Any]


def describe(name: str) -> Description:
    """Describes a preset (by name or path), or a registered entry (`name` or `kind:name`)."""
    if name in presets.names() or (Path(name) / CARD).is_file():
        card = presets.card(name)
        return Description(_preset(card), card)
    kind, _, entry = name.rpartition(":")
    for known in registry.ALL.values():
        if entry in known and kind in ("", known.kind):
            return _entry(known, entry)
    if Path(name).is_dir():
        presets.find(name)  # says what is amiss
    raise unknown("name", name, [*presets.names(), *(n for r in registry.ALL.values() for n in r)])


def _entry(known: registry.Registry, name: str) -> Description:
    target, defaults = known.resolve(name)
    arguments = {
        p.name: None if p.default is p.empty else repr(defaults.get(p.name, p.default))
        for p in inspect.signature(target).parameters.values()
        if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
    }
    documentation = inspect.getdoc(target) or ""
    lines = [f"{name} ({known.kind}), {target.__module__}.{target.__qualname__}", ""]
    lines += [f"  {k}" if v is None else f"  {k} = {v}" for k, v in arguments.items()]
    data = {"name": name, "kind": known.kind, "arguments": arguments}
    return Description("\n".join([*lines, "", documentation]), data)


def _preset(card: dict[str, Any]) -> str:
    model, seen = card["model"], card["images_seen"]["pretraining"]
    network = ", ".join(f"{k}={v!r}" for k, v in model["network"].items() if k != "name")
    learner = ", ".join(f"{k}={v!r}" for k, v in model["learner"].items() if k != "name")
    versions = ", ".join(f"{k} {v}" for k, v in card["versions"].items())
    lines = [
        f"{card['name']}: {card['description']}",
        f"  network   {model['network']['name']}({network})",
        f"  learner   {model['learner']['name']}({learner})",
        f"  data      {card['data']['name']}, {seen} images without labels, seed {card['seed']}",
        f"  input     uint8 images of any size, resized to {model['preprocessing']['size']}",
        f"  classes   {', '.join(model['class_names']) or 'none'}",
        *(f"  {line}" for line in metrics(card).splitlines()),
        f"  made with {versions}",
        f"  licence   {card['licence']}",
        f"  files     {', '.join(card['files'])}",
    ]
    return "\n".join(lines)


def pictures(card: dict[str, Any]) -> list[str]:
    """The pictures that lie beside a card."""
    return [path for path in card["files"] if path.endswith(".png")]


def scores(row: dict[str, Any]) -> str:
    """What `evaluate` found, for a terminal."""
    if isinstance(row.get("accuracy"), dict):
        return metrics({"metrics": row})
    if "accuracy" in row:
        share, count, runs = 100 * row["accuracy"], row["images"], row.get("n", 1)
        spread = f" +- {100 * row['sd']:.2f} in {runs} runs" if runs > 1 else ""
        return f"accuracy {share:.2f} %{spread} on {count} test images of {row['data']}"
    shown = {k: v for k, v in row.items() if k not in ("name", "data", "checksum", "protocol")}
    return "\n".join(
        f"{k:15} {v:.4g}" if isinstance(v, float) else f"{k:15} {v}" for k, v in shown.items()
    )


def metrics(card: dict[str, Any]) -> str:
    """The accuracies of a card side by side."""
    found = card["metrics"]
    if not found:
        return "pre-trained; no labels, so no accuracy"
    titles = {
        "pretrained": "with pre-training",
        "none": "without pre-training",
        "difference": "difference, paired",
    }
    each, crops = found.get("labels_per_class"), found.get("crops")
    details = f", {each} labels a class" * bool(each) + ", ten crops" * (crops == "ten")
    lines = [f"test accuracy, {found['protocol']}{details}:"]
    for arm, title in titles.items():
        if arm in found["accuracy"]:
            row = found["accuracy"][arm]
            plural = "s" * (row["n"] != 1)
            spread = f" +- {100 * row['sd']:.1f}" if row["n"] > 1 else ""
            lines.append(
                f"  {title:21} {100 * row['mean']:5.1f} %{spread}  ({row['n']} run{plural})"
            )
    return "\n".join(lines)
