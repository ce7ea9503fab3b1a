"""Networks, one family a file: Keras models with named stages, a code and a head."""

ENTRIES = {
    "saliency_conv": "saliency_zoo.networks.saliency_network:saliency_conv",
    "saliency_linear": "saliency_zoo.networks.saliency_network:saliency_linear",
    "thesis_conv": "saliency_zoo.networks.thesis_conv:thesis_conv",
}
