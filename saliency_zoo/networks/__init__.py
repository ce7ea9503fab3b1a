"""Networks, one family a file: Keras models with named stages, a code and a head."""

_ALEXNET = "saliency_zoo.networks.alexnet:alexnet"
_CIFAR_RESNET = "saliency_zoo.networks.resnet:cifar_resnet"
_DENSENET = "saliency_zoo.networks.densenet:densenet"
_GOOGLENET = "saliency_zoo.networks.googlenet:googlenet"
_IMAGENET_RESNET = "saliency_zoo.networks.resnet_imagenet:imagenet_resnet"
_PREACT_RESNET = "saliency_zoo.networks.preact_resnet:preact_resnet"
_RESNET_V2 = "saliency_zoo.networks.resnet_v2:resnet_v2"
_THESIS_DENSE = "saliency_zoo.networks.thesis_dense:thesis_dense"
_VGG = "saliency_zoo.networks.vgg:vgg"
_WIDE_RESNET = "saliency_zoo.networks.wide_resnet:wide_resnet"
_CAFFE_RESPONSE = {"name": "local_response", "alpha": 1e-4 / 5, "offset": 1.0}
_BATCH_NORMALISED = {"normalisation": "batch", "response": None, "largest_kernel": 3}
_CIFAR_DENSE = {"classes": 10, "image_size": 32, "stem": "plain", "growth": 12}
_PLAIN_DENSE = {**_CIFAR_DENSE, "filters": 16, "bottleneck": False, "compression": 1.0}
_BOTTLENECKS = {"bottleneck": True, "bias": True}

ENTRIES = {
    "alexnet": _ALEXNET,
    "caffenet": (_ALEXNET, {"pool_first": True, "response": _CAFFE_RESPONSE}),
    "densenet40_12": (_DENSENET, {**_PLAIN_DENSE, "blocks": (12, 12, 12)}),
    "densenet100_12": (_DENSENET, {**_PLAIN_DENSE, "blocks": (32, 32, 32)}),
    "densenet121": (_DENSENET, {"blocks": (6, 12, 24, 16)}),
    "densenet169": (_DENSENET, {"blocks": (6, 12, 32, 32)}),
    "densenet201": (_DENSENET, {"blocks": (6, 12, 48, 32)}),
    "densenet_bc100_12": (_DENSENET, {**_CIFAR_DENSE, "filters": 24, "blocks": (16, 16, 16)}),
    "googlenet": _GOOGLENET,
    "googlenet_bn": (_GOOGLENET, _BATCH_NORMALISED),
    "inception_v3": "saliency_zoo.networks.inception_v3:inception_v3",
    "lenet5": "saliency_zoo.networks.lenet:lenet5",
    "lenet5_1998": "saliency_zoo.networks.lenet5_1998:lenet5_1998",
    "lenet_caffe": "saliency_zoo.networks.lenet:lenet_caffe",
    "mobilenet": "saliency_zoo.networks.mobilenet:mobilenet",
    "nin": "saliency_zoo.networks.nin:nin",
    "preact_resnet164": (_PREACT_RESNET, {"depth": 164}),
    "preact_resnet1001": (_PREACT_RESNET, {"depth": 1001}),
    "resnet18": (_IMAGENET_RESNET, {"blocks": (2, 2, 2, 2)}),
    "resnet20": (_CIFAR_RESNET, {"depth": 20}),
    "resnet32": (_CIFAR_RESNET, {"depth": 32}),
    "resnet34": (_IMAGENET_RESNET, {"blocks": (3, 4, 6, 3)}),
    "resnet44": (_CIFAR_RESNET, {"depth": 44}),
    "resnet50": (_IMAGENET_RESNET, {**_BOTTLENECKS, "blocks": (3, 4, 6, 3)}),
    "resnet50v2": (_RESNET_V2, {"blocks": (3, 4, 6, 3)}),
    "resnet56": (_CIFAR_RESNET, {"depth": 56}),
    "resnet101": (_IMAGENET_RESNET, {**_BOTTLENECKS, "blocks": (3, 4, 23, 3)}),
    "resnet101v2": (_RESNET_V2, {"blocks": (3, 4, 23, 3)}),
    "resnet110": (_CIFAR_RESNET, {"depth": 110}),
    "resnet152": (_IMAGENET_RESNET, {**_BOTTLENECKS, "blocks": (3, 8, 36, 3)}),
    "resnet152v2": (_RESNET_V2, {"blocks": (3, 8, 36, 3)}),
    "saliency_conv": "saliency_zoo.networks.saliency_network:saliency_conv",
    "saliency_linear": "saliency_zoo.networks.saliency_network:saliency_linear",
    "thesis_conv": "saliency_zoo.networks.thesis_conv:thesis_conv",
    "thesis_dense_large": (_THESIS_DENSE, {"units": (3000, 3000, 4000)}),
    "thesis_dense_medium": (_THESIS_DENSE, {"units": (2000, 1000, 2000)}),
    "thesis_dense_small": (_THESIS_DENSE, {"units": (500, 500, 1000)}),
    "vgg11": (_VGG, {"blocks": (1, 1, 2, 2, 2)}),
    "vgg13": (_VGG, {"blocks": (2, 2, 2, 2, 2)}),
    "vgg16": (_VGG, {"blocks": (2, 2, 3, 3, 3)}),
    "vgg19": (_VGG, {"blocks": (2, 2, 4, 4, 4)}),
    "wide_resnet16_8": (_WIDE_RESNET, {"depth": 16, "widen": 8}),
    "wide_resnet28_10": (_WIDE_RESNET, {"depth": 28, "widen": 10}),
    "wide_resnet40_4": (_WIDE_RESNET, {"depth": 40, "widen": 4}),
    "xception": "saliency_zoo.networks.xception:xception",
    "zfnet": "saliency_zoo.networks.zfnet:zfnet",
}
