"""Pictures of what models have learnt, one kind a function: a model in, a uint8 image out.

`saliency_zoo.picture(NAME, KIND)` draws one of them.
"""

ENTRIES = {
    "auxiliary": "saliency_zoo.pictures.filters:auxiliary",
    "curves": "saliency_zoo.pictures.curves:curves",
    "deep_filters": "saliency_zoo.pictures.filters:deep_filters",
    "filters": "saliency_zoo.pictures.filters:filters",
    "inversion": "saliency_zoo.pictures.inversion:inversion",
    "reconstructions": "saliency_zoo.pictures.decoded:reconstructions",
    "responses": "saliency_zoo.pictures.responses:responses",
    "saliency": "saliency_zoo.pictures.decoded:saliency",
    "saliency_weights": "saliency_zoo.pictures.filters:saliency_weights",
}
