"""Networks, one family a file: Keras models with named stages, a code and a head."""

_CIFAR_RESNET = "saliency_zoo.networks.resnet:cifar_resnet"
_THESIS_DENSE = "saliency_zoo.networks.thesis_dense:thesis_dense"

ENTRIES = {
    "lenet5": "saliency_zoo.networks.lenet:lenet5",
    "lenet_caffe": "saliency_zoo.networks.lenet:lenet_caffe",
    "resnet20": (_CIFAR_RESNET, {"depth": 20}),
    "resnet32": (_CIFAR_RESNET, {"depth": 32}),
    "resnet44": (_CIFAR_RESNET, {"depth": 44}),
    "resnet56": (_CIFAR_RESNET, {"depth": 56}),
    "resnet110": (_CIFAR_RESNET, {"depth": 110}),
    "saliency_conv": "saliency_zoo.networks.saliency_network:saliency_conv",
    "saliency_linear": "saliency_zoo.networks.saliency_network:saliency_linear",
    "thesis_conv": "saliency_zoo.networks.thesis_conv:thesis_conv",
    "thesis_dense_large": (_THESIS_DENSE, {"units": (3000, 3000, 4000)}),
    "thesis_dense_medium": (_THESIS_DENSE, {"units": (2000, 1000, 2000)}),
    "thesis_dense_small": (_THESIS_DENSE, {"units": (500, 500, 1000)}),
}
