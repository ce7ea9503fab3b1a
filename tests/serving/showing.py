"""A preset that does all that the page can show, without training or TensorFlow."""

import cv2
import numpy as np

from saliency_zoo import cards
from saliency_zoo.data.images import fit
from saliency_zoo.serving.saved_model import Signature
from saliency_zoo.serving.server.limits import Limits
from saliency_zoo.serving.server.metrics import Metrics
from saliency_zoo.serving.server.models.model import Model
from tests.runs import RECIPE
from tests.serving.running import write_version

NAME = "toy.shown"
CLASSES = ["red", "green", "blue"]


def coloured(images):
    """How red, green and blue each image is."""
    powers = np.exp(images.mean((1, 2), dtype="float32") / 16)
    return {"scores": powers / powers.sum(1, keepdims=True)}


def code(images):
    return {"code": images.mean((1, 2), dtype="float32")}


def small(images):
    return {"image": np.stack([fit(one, 12) for one in images])}


def brightness(images):
    return {"saliency": small(images)["image"].mean(-1, dtype="float32") / 255}


def whole(_=None):
    """A version that does all that a preset can."""
    made = {
        "serving_default": (coloured, "scores"),
        "encode": (code, "code"),
        "reconstruct": (small, "image"),
        "saliency": (brightness, "saliency"),
    }
    return {
        name: Signature(name, 3, {output: ("float32", (-1, -1))}, call)
        for name, (call, output) in made.items()
    }


def described(folder, **more):
    """The card and the recipe of a preset around SavedModels that are there."""
    (folder / "recipe.toml").write_text(RECIPE)
    seen = {"size": 16, "crop": 12}
    about = {"format": 1, "name": NAME, "description": "Looks at colours"}
    about["model"] = {"class_names": CLASSES, "preprocessing": seen}
    cards.write_card(folder, {**about, **more})


def shown(folder, load=whole, versions=(1,), **limits):
    """A model that the page shows all of."""
    for number in versions:
        write_version(folder, number, b"%d" % number)
    described(folder)
    model = Model(str(folder), Limits(**limits), Metrics(), load)
    model.refresh()
    return model


def png(image):
    return cv2.imencode(".png", image[..., ::-1])[1].tobytes()
