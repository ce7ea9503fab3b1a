"""Protocols: which labelled images train a classifier, run by run; and the scores."""

ENTRIES = {
    "few_labels": "saliency_zoo.evaluation.protocols:few_labels",
    "folds": "saliency_zoo.evaluation.protocols:folds",
    "full": "saliency_zoo.evaluation.protocols:full",
    "seeded_folds": "saliency_zoo.evaluation.protocols:seeded_folds",
}
