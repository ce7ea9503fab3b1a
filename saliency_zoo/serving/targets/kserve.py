"""KServe: an InferenceService that runs TensorFlow Serving on a folder of SavedModels."""

import re
from pathlib import Path

from saliency_zoo.errors import ZooError
from saliency_zoo.serving.targets import tf_serving
from saliency_zoo.serving.targets.target import Served

_MANIFEST = """\
# Copy {name}/ to where storageUri says, or say where you copied it.
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: {service}
spec:
  predictor:
    minReplicas: 1
    model:
      modelFormat:
        name: tensorflow
      protocolVersion: v1
      storageUri: pvc://models/{name}
      resources:
        requests:
          cpu: "1"
          memory: 1Gi
        limits:
          memory: 2Gi
"""
_LONGEST = 63  # of a label in the name of a host, which Kubernetes makes of it

fill = tf_serving.fill


def beside(out: Path, served: Served) -> dict[str, str]:
    """The manifest, in a file named after the service.

    Args:
        out: the folder of models.
        served: the model that was written.
    """
    service = service_name(served.name)
    for folder in out.glob("[!.]*/"):
        if folder.name != served.name and _spelt(folder.name) == service:
            raise ZooError(
                f"Two models would be the service {service!r}: take another folder, or another "
                f"name. Received: {served.name!r} beside {folder.name!r}"
            )
    return {f"{service}.yaml": _MANIFEST.format(name=served.name, service=service)}


def service_name(name: str) -> str:
    """The name of a preset as Kubernetes takes names: lower case, digits and dashes."""
    found = _spelt(name)
    if not found[:1].isalpha() or len(found) > _LONGEST:
        raise ZooError(
            f"A service of KServe has a name of at most {_LONGEST} letters, digits and dashes that "
            f"begins with a letter. Received: {found!r}, of {name!r}"
        )
    return found


def _spelt(name: str) -> str:
    return re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")
