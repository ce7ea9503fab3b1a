"""saliency_zoo: a model zoo for learning image representations without labels."""

import importlib

__version__ = "0.1.0"

_PUBLIC = {
    "ZooError": "errors",
    "create": "networks.network",
    "detect": "saliency.detect",
    "detectors": "registry",
    "datasets": "registry",
    "embed": "evaluation.apply",
    "evaluate": "evaluation.apply",
    "export": "serving.export",
    "features": "networks.network",
    "layers": "registry",
    "learner": "learners.stack",
    "learners": "registry",
    "list_models": "catalogue",
    "load": "presets",
    "networks": "registry",
    "predict": "evaluation.apply",
    "protocols": "registry",
    "register": "registry",
    "train": "experiment",
    "verify": "presets",
}

__all__ = sorted(_PUBLIC)  # noqa: PLE0605


def __getattr__(name: str):
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PUBLIC[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
