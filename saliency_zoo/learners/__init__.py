"""Learners, one a file: objectives without labels around an encoder that they are given."""

_AUTOENCODER = "saliency_zoo.learners.autoencoder:Autoencoder"

ENTRIES = {
    "autoencoder": _AUTOENCODER,
    "contrastive": "saliency_zoo.learners.contrastive:Contrastive",
    "dual_path": (_AUTOENCODER, {"saliency_weight": None, "auxiliary": True}),
    "foreground": (_AUTOENCODER, {"foreground": True}),
    "imitation": "saliency_zoo.learners.imitation:Imitation",
    "saliency_decoder": (_AUTOENCODER, {"saliency_weight": 1.0}),
    "second_decoder": (_AUTOENCODER, {"saliency_weight": None, "head_target": "input"}),
}
