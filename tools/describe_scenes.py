"""How hard the generated scenes are, for both variants.

python tools/describe_scenes.py            prints the table of docs/data.md

Accuracy of logistic regression on the pixels of 1,000 training scenes (the best of three
penalties, chosen on another 1,000 training scenes) for 2,000 test scenes; and, over 500 test
scenes, the mean AUC of the geodesic detector against the object's mask and the share of its most
salient 2 % of pixels that lie on the object.
"""

import numpy as np
from sklearn.linear_model import LogisticRegression

from saliency_zoo.data.image_set import Split
from saliency_zoo.data.synthetic import synthetic
from saliency_zoo.saliency.detect import detect
from saliency_zoo.saliency.metrics import auc_judd


def main() -> None:
    print("| variant | logistic regression on pixels | geodesic AUC | salient 2 % on the object |")
    print("|---|---|---|---|")
    for variant in ("plain", "salient_distractors"):
        scenes = synthetic(train=2000, test=2000, unlabelled=0, folds=0, variant=variant)
        train, test = scenes.split("train"), scenes.split("test")
        area, hits = saliency(test.take(np.arange(500)))
        print(
            f"| `{variant}` | {100 * linear(train, test):.1f} % | {area:.3f} | {100 * hits:.0f} % |"
        )


def linear(train: Split, test: Split) -> float:
    pixels, labels = train.images.reshape(len(train), -1) / 255, train.labels
    fitted = [
        LogisticRegression(C=c, max_iter=1000).fit(pixels[:1000], labels[:1000])
        for c in (0.001, 0.01, 0.1)
    ]
    best = max(fitted, key=lambda model: model.score(pixels[1000:], labels[1000:]))
    return best.score(test.images.reshape(len(test), -1) / 255, test.labels)


def saliency(scenes: Split) -> tuple[float, float]:
    maps = detect("geodesic", scenes.images)
    masks = np.asarray(scenes.masks) > 0
    seen = [i for i in range(len(maps)) if masks[i].any()]
    area = np.mean([auc_judd(maps[i], masks[i]) for i in seen])
    top = [masks[i].ravel()[np.argsort(-maps[i].ravel())[:20]].mean() for i in seen]
    return float(area), float(np.mean(top))


if __name__ == "__main__":
    main()
