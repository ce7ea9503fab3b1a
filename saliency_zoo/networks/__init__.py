"""Networks, one family a file: Keras models with named stages, a code and a head."""

ENTRIES = {
    "thesis_conv": "saliency_zoo.networks.thesis_conv:thesis_conv",
}
