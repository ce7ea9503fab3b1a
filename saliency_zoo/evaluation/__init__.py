"""Protocols: which labelled images train a classifier, run by run; and the scores."""

ENTRIES = {
    "folds": "saliency_zoo.evaluation.protocols:folds",
    "full": "saliency_zoo.evaluation.protocols:full",
}
