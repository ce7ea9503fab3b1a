"""Runs a SavedModel in the Python backend of Triton, which copies this file beside it.

The outputs that a request asks for choose what is calculated. Requests that wait together run
together, where they ask for the same of images of one size.
"""

from collections import defaultdict
from pathlib import Path

import numpy as np
import tensorflow as tf
import triton_python_backend_utils as triton

INPUT, DEFAULT = "image", "serving_default"


class TritonPythonModel:
    """One version of a model; Triton looks for this name."""

    def initialize(self, args):
        """Loads the SavedModel, and runs each signature once."""
        folder = Path(args["model_repository"]) / args["model_version"] / "saved_model"
        self.model = tf.saved_model.load(str(folder))
        signatures = self.model.signatures
        sizes = {name: len(signatures[name].structured_outputs) for name in signatures}
        self.signature_of = {}
        for name in sorted(sizes, key=lambda name: (name != DEFAULT, sizes[name], name)):
            for output in signatures[name].structured_outputs:
                self.signature_of.setdefault(output, name)
            spec = signatures[name].structured_input_signature[1][INPUT]
            self._call(name, np.zeros((1, 32, 32, spec.shape[-1]), "uint8"))

    def execute(self, requests):
        """Answers requests, each with what it asks for."""
        answers, errors, groups = [{} for _ in requests], {}, defaultdict(list)
        images = [triton.get_input_tensor_by_name(r, INPUT).as_numpy() for r in requests]
        for place, request in enumerate(requests):
            wanted = {self.signature_of[output] for output in request.requested_output_names()}
            for signature in wanted:
                groups[signature, images[place].shape[1:]].append(place)
        for (signature, _), places in groups.items():
            try:
                outputs = self._call(signature, np.concatenate([images[p] for p in places]))
            except Exception as error:
                errors.update(dict.fromkeys(places, str(error)))
                continue
            ends = np.cumsum([len(images[p]) for p in places])[:-1]
            for output, values in outputs.items():
                for place, part in zip(places, np.split(values, ends), strict=True):
                    answers[place][output] = part
        return [
            self._response(request, answers[place], errors.get(place))
            for place, request in enumerate(requests)
        ]

    def _call(self, signature, images):
        outputs = self.model.signatures[signature](**{INPUT: tf.constant(images)})
        return {name: value.numpy() for name, value in outputs.items()}

    def _response(self, request, answer, error):
        if error is not None:
            return triton.InferenceResponse(error=triton.TritonError(error))
        names = request.requested_output_names()
        return triton.InferenceResponse([triton.Tensor(name, answer[name]) for name in names])
