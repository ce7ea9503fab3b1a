"""saliency_zoo: a model zoo for learning image representations without labels."""

__version__ = "0.1.0"

# No registry is here: `networks`, `layers` and `learners` are packages of these names. They are
# found in `saliency_zoo.registry`.
_PUBLIC = {
    "ZooError": "errors",
    "benchmark": "evaluation.saliency_benchmark",
    "create": "networks.network",
    "custom_objects": "layers.make",
    "detect": "saliency.detect",
    "embed": "evaluation.apply",
    "evaluate": "evaluation.apply",
    "export": "serving.export",
    "export_form": "serving.forms.form",
    "export_target": "serving.targets.target",
    "features": "networks.network",
    "learner": "learners.stack",
    "lesions": "evaluation.lesions",
    "list_models": "catalogue",
    "load": "presets",
    "picture": "pictures.picture",
    "predict": "evaluation.apply",
    "register": "registry",
    "train": "experiment",
    "tune": "search.tune",
    "unpack": "archives",
    "unregister": "registry",
    "verify": "presets",
}

__all__ = sorted(_PUBLIC)


def __getattr__(name: str):
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{_PUBLIC[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
