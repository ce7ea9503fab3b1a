"""Layers, one a file. Names are `role.name`; a network asks for `pooling="max"`."""

_AUGMENTATIONS = "saliency_zoo.layers.augmentations"
_CORRUPTIONS = "saliency_zoo.layers.corruption"
_SPARSITIES = "saliency_zoo.layers.sparsity"

ENTRIES = {
    "activation.elu": "keras.layers:ELU",
    "activation.gelu": ("keras.layers:Activation", {"activation": "gelu"}),
    "activation.leaky_relu": "keras.layers:LeakyReLU",
    "activation.linear": ("keras.layers:Activation", {"activation": "linear"}),
    "activation.prelu": "keras.layers:PReLU",
    "activation.randomised_leaky_relu": (
        "saliency_zoo.layers.randomised_leaky_relu:RandomisedLeakyReLU"
    ),
    "activation.relu": "keras.layers:ReLU",
    "activation.scaled_tanh": "saliency_zoo.layers.scaled_tanh:ScaledTanh",
    "activation.selu": ("keras.layers:Activation", {"activation": "selu"}),
    "activation.sigmoid": ("keras.layers:Activation", {"activation": "sigmoid"}),
    "activation.silu": ("keras.layers:Activation", {"activation": "silu"}),
    "activation.softplus": ("keras.layers:Activation", {"activation": "softplus"}),
    "activation.tanh": ("keras.layers:Activation", {"activation": "tanh"}),
    "augmentation.colour": f"{_AUGMENTATIONS}.colour:Colour",
    "augmentation.hide_patches": f"{_AUGMENTATIONS}.hide_patches:HidePatches",
    "augmentation.other_background": f"{_AUGMENTATIONS}.other_background:OtherBackground",
    "augmentation.salient_crop": f"{_AUGMENTATIONS}.salient_crop:SalientCrop",
    "augmentation.zoomed_crop": f"{_AUGMENTATIONS}.zoomed_crop:ZoomedCrop",
    "convolution.dilated": ("keras.layers:Conv2D", {"dilation_rate": 2}),
    "convolution.fft": "saliency_zoo.layers.fft_conv2d:FFTConv2D",
    "convolution.flipped": "saliency_zoo.layers.flipped_conv2d:FlippedConv2D",
    "convolution.maxout": "saliency_zoo.layers.maxout_conv2d:MaxoutConv2D",
    "convolution.mlpconv": "saliency_zoo.layers.mlp_conv2d:MlpConv2D",
    "convolution.partially_connected": (
        "saliency_zoo.layers.partially_connected_conv2d:PartiallyConnectedConv2D"
    ),
    "convolution.separable": "keras.layers:SeparableConv2D",
    "convolution.standard": "saliency_zoo.layers.reversible_conv2d:ReversibleConv2D",
    "convolution.tiled": "saliency_zoo.layers.tiled_conv2d:TiledConv2D",
    "convolution.transposed": "keras.layers:Conv2DTranspose",
    "corruption.gaussian": f"{_CORRUPTIONS}:GaussianCorruption",
    "corruption.masking": f"{_CORRUPTIONS}:MaskingCorruption",
    "corruption.patches": f"{_CORRUPTIONS}:PatchCorruption",
    "corruption.salt_and_pepper": f"{_CORRUPTIONS}:SaltAndPepperCorruption",
    "dense.dropconnect": "saliency_zoo.layers.drop_connect_dense:DropConnectDense",
    "dense.standard": "saliency_zoo.layers.reversible_dense:ReversibleDense",
    "normalisation.batch": "saliency_zoo.layers.batch_normalisation:BatchNormalisation",
    "normalisation.group": ("keras.layers:GroupNormalization", {"groups": 1}),
    "normalisation.instance": ("keras.layers:GroupNormalization", {"groups": -1}),
    "normalisation.layer": "keras.layers:LayerNormalization",
    "normalisation.local_response": (
        "saliency_zoo.layers.local_response_normalisation:LocalResponseNormalisation"
    ),
    "pooling.average": "keras.layers:AveragePooling2D",
    "pooling.gated": "saliency_zoo.layers.gated_pooling2d:GatedPooling2D",
    "pooling.k_max": "saliency_zoo.layers.k_max_pooling2d:KMaxPooling2D",
    "pooling.lp": "saliency_zoo.layers.lp_pooling2d:LpPooling2D",
    "pooling.max": "saliency_zoo.layers.reversible_max_pooling2d:ReversibleMaxPooling2D",
    "pooling.mixed": "saliency_zoo.layers.mixed_pooling2d:MixedPooling2D",
    "pooling.saliency": "saliency_zoo.layers.saliency_pooling2d:SaliencyPooling2D",
    "pooling.spectral": "saliency_zoo.layers.spectral_pooling2d:SpectralPooling2D",
    "pooling.stochastic": "saliency_zoo.layers.stochastic_pooling2d:StochasticPooling2D",
    "pooling.trainable_average": (
        "saliency_zoo.layers.trainable_average_pooling2d:TrainableAveragePooling2D"
    ),
    "preprocessing.contrast_normalisation": (
        "saliency_zoo.layers.contrast_normalisation:ContrastNormalisation"
    ),
    "preprocessing.image_standardisation": (
        "saliency_zoo.layers.image_standardisation:ImageStandardisation"
    ),
    "preprocessing.whitening": "saliency_zoo.layers.whitening:Whitening",
    "regularisation.dropout": ("keras.layers:Dropout", {"rate": 0.5}),
    "regularisation.gaussian_noise": ("keras.layers:GaussianNoise", {"stddev": 0.1}),
    "regularisation.spatial_dropout": ("keras.layers:SpatialDropout2D", {"rate": 0.5}),
    "sparsity.k_winners": f"{_SPARSITIES}:KWinners",
    "sparsity.kl": f"{_SPARSITIES}:KLSparsity",
    "sparsity.l1": f"{_SPARSITIES}:L1Sparsity",
    "sparsity.response": f"{_SPARSITIES}:ResponseSparsity",
    "sparsity.unit_response": f"{_SPARSITIES}:UnitResponseSparsity",
    "structure.bias": "saliency_zoo.layers.bias:Bias",
    "structure.branches": "saliency_zoo.layers.branches:Branches",
    "structure.decoder": "saliency_zoo.layers.decoder:Decoder",
    "structure.depthwise": ("keras.layers:DepthwiseConv2D", {"kernel_size": 3}),
    "structure.maxout": "saliency_zoo.layers.maxout:Maxout",
    "structure.padded_shortcut": "saliency_zoo.layers.padded_shortcut:PaddedShortcut",
    "structure.padding": "saliency_zoo.layers.padding2d:Padding2D",
    "structure.radial_basis": "saliency_zoo.layers.radial_basis:RadialBasis",
    "structure.residual_block": "saliency_zoo.layers.residual_block:ResidualBlock",
    "structure.stage": "saliency_zoo.layers.stage:Stage",
    "structure.stochastic_depth": "saliency_zoo.layers.stochastic_depth:StochasticDepth",
}
