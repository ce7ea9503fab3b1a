"""What a name stands for, in words for a terminal."""

import contextlib
import inspect
import shlex
from pathlib import Path
from typing import Any, NamedTuple

from saliency_zoo import cards, presets, registry
from saliency_zoo.errors import ZooError, unknown


class Description(NamedTuple):
    """The same thing for a person and for a program."""

    text: str
    data: dict[str, Any]


def describe(name: str) -> Description:
    """Describes a preset (by name or path), or a registered entry (`name` or `kind:name`)."""
    if name in presets.names() or (Path(name) / cards.CARD).is_file():
        return _preset(presets.find(name))
    kind, _, entry = name.rpartition(":")
    for known in registry.ALL.values():
        if entry in known and kind in ("", known.kind):
            return _entry(known, entry)
    if Path(name).exists():
        presets.find(name)  # says what is amiss
    choices = [*presets.names(), *(n for r in registry.ALL.values() for n in r)]
    raise unknown("name", name, choices, presets.folders())


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


def _preset(folder: str) -> Description:
    card = presets.card(folder)
    more = {
        "folder": folder,
        "features": _features(card),
        "pictures": [str(Path(folder) / path) for path in pictures(card)],
        "retrain": _again(folder, card),
    }
    return Description(_in_words({**card, **more}), {**card, **more})


def _features(card: dict[str, Any]) -> dict[str, Any] | None:
    """What the preset's network gives where; None where the network is not registered here."""
    from saliency_zoo.training import backend

    backend.start()
    from saliency_zoo.networks.outline import outline

    with contextlib.suppress(ZooError):
        return outline(card["model"]["network"])


def _again(folder: str, card: dict[str, Any]) -> str:
    """The command that makes the preset again."""
    words = ("train", str(Path(folder) / presets.RECIPE), "--out", f"runs/{card['name']}")
    return shlex.join(["saliency-zoo", *words])


def outlined(row: dict[str, Any]) -> str:
    """An outline of a network: channels behind each stage, and how it has shrunk the image."""
    shape = "x".join(map(str, row["image"]))
    return f"{shape:9}  {', '.join(map(_stage, row['stages']))}, code {row['code']}"


def _stage(row: dict[str, Any]) -> str:
    words = f"{row['name']} {row['channels']}"
    return f"{words} /{row['reduction']}" if row["reduction"] else words


def _seen(preprocessing: dict[str, Any]) -> str:
    size, crop = preprocessing["size"], preprocessing["crop"]
    return f"resized to {size}" + (f", of which the middle {crop} are kept" if crop else "")


def _in_words(card: dict[str, Any]) -> str:
    model = card["model"]
    network = ", ".join(f"{k}={v!r}" for k, v in model["network"].items() if k != "name")
    options = ", ".join(f"{k}={v!r}" for k, v in model["learner"].items() if k != "name")
    learner = f"{model['learner']['name']}({options})" if card.get("pretrained", True) else "none"
    seen = card["images_seen"]["pretraining"]
    features = outlined(card["features"]) if card["features"] else "unknown: no such network here"
    versions = ", ".join(f"{k} {v}" for k, v in card["versions"].items())
    lines = [
        f"{card['name']}: {card['description']}",
        f"  network   {model['network']['name']}({network})",
        f"  learner   {learner}",
        f"  data      {card['data']['name']}, {seen} images without labels, seed {card['seed']}",
        f"  input     uint8 images of any size, {_seen(model['preprocessing'])}",
        f"  features  {features}",
        f"  classes   {', '.join(model['class_names']) or 'none'}",
        *(f"  {line}" for line in metrics(card).splitlines()),
        *([f"  begun as  {', '.join(card['begun_with'])}"] if "begun_with" in card else []),
        *([f"  teachers  {', '.join(card['teachers'])}"] if "teachers" in card else []),
        *([f"  maps by   {', '.join(card['drawn_by'])}"] if "drawn_by" in card else []),
        *([f"  weights   {card['weights']}"] if "weights" in card else []),
        f"  made with {versions}",
        f"  licence   {card['licence']}",
        f"  files     {', '.join(card['files'])}",
        f"  folder    {card['folder']}",
        f"  pictures  {', '.join(card['pictures']) or 'none'}",
        f"  retrain   {card['retrain']}",
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
    trained = card.get("pretrained", True)
    titles = {
        presets.PRETRAINED: "with pre-training" if trained else "no pre-training",
        presets.NONE: "without pre-training",
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
