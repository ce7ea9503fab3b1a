"""Layers, one a file, in a folder of their role: `pooling.max` is in `pooling`."""

ENTRIES = {
    "activation.elu": "keras.layers:ELU",
    "activation.gelu": ("keras.layers:Activation", {"activation": "gelu"}),
    "activation.leaky_relu": "keras.layers:LeakyReLU",
    "activation.linear": ("keras.layers:Activation", {"activation": "linear"}),
    "activation.prelu": "keras.layers:PReLU",
    "activation.randomised_leaky_relu": (
        "saliency_zoo.layers.activation.randomised_leaky_relu:RandomisedLeakyReLU"
    ),
    "activation.relu": "keras.layers:ReLU",
    "activation.scaled_tanh": "saliency_zoo.layers.activation.scaled_tanh:ScaledTanh",
    "activation.selu": ("keras.layers:Activation", {"activation": "selu"}),
    "activation.sigmoid": ("keras.layers:Activation", {"activation": "sigmoid"}),
    "activation.silu": ("keras.layers:Activation", {"activation": "silu"}),
    "activation.softplus": ("keras.layers:Activation", {"activation": "softplus"}),
    "activation.tanh": ("keras.layers:Activation", {"activation": "tanh"}),
    "augmentation.colour": "saliency_zoo.layers.augmentation.colour:Colour",
    "augmentation.hide_patches": "saliency_zoo.layers.augmentation.hide_patches:HidePatches",
    "augmentation.other_background": (
        "saliency_zoo.layers.augmentation.other_background:OtherBackground"
    ),
    "augmentation.salient_crop": "saliency_zoo.layers.augmentation.salient_crop:SalientCrop",
    "augmentation.zoomed_crop": "saliency_zoo.layers.augmentation.zoomed_crop:ZoomedCrop",
    "convolution.dilated": ("keras.layers:Conv2D", {"dilation_rate": 2}),
    "convolution.fft": "saliency_zoo.layers.convolution.fft_conv2d:FFTConv2D",
    "convolution.flipped": "saliency_zoo.layers.convolution.flipped_conv2d:FlippedConv2D",
    "convolution.maxout": "saliency_zoo.layers.convolution.maxout_conv2d:MaxoutConv2D",
    "convolution.mlpconv": "saliency_zoo.layers.convolution.mlp_conv2d:MlpConv2D",
    "convolution.partially_connected": (
        "saliency_zoo.layers.convolution.partially_connected_conv2d:PartiallyConnectedConv2D"
    ),
    "convolution.separable": "keras.layers:SeparableConv2D",
    "convolution.standard": "saliency_zoo.layers.convolution.reversible_conv2d:ReversibleConv2D",
    "convolution.tiled": "saliency_zoo.layers.convolution.tiled_conv2d:TiledConv2D",
    "convolution.transposed": "keras.layers:Conv2DTranspose",
    "corruption.gaussian": "saliency_zoo.layers.corruption.gaussian:GaussianCorruption",
    "corruption.masking": "saliency_zoo.layers.corruption.masking:MaskingCorruption",
    "corruption.patches": "saliency_zoo.layers.corruption.patches:PatchCorruption",
    "corruption.salt_and_pepper": (
        "saliency_zoo.layers.corruption.salt_and_pepper:SaltAndPepperCorruption"
    ),
    "dense.dropconnect": "saliency_zoo.layers.dense.drop_connect_dense:DropConnectDense",
    "dense.standard": "saliency_zoo.layers.dense.reversible_dense:ReversibleDense",
    "normalisation.batch": (
        "saliency_zoo.layers.normalisation.batch_normalisation:BatchNormalisation"
    ),
    "normalisation.group": ("keras.layers:GroupNormalization", {"groups": 1}),
    "normalisation.instance": ("keras.layers:GroupNormalization", {"groups": -1}),
    "normalisation.layer": "keras.layers:LayerNormalization",
    "normalisation.local_response": (
        "saliency_zoo.layers.normalisation.local_response_normalisation:LocalResponseNormalisation"
    ),
    "pooling.average": "keras.layers:AveragePooling2D",
    "pooling.gated": "saliency_zoo.layers.pooling.gated_pooling2d:GatedPooling2D",
    "pooling.k_max": "saliency_zoo.layers.pooling.k_max_pooling2d:KMaxPooling2D",
    "pooling.lp": "saliency_zoo.layers.pooling.lp_pooling2d:LpPooling2D",
    "pooling.max": "saliency_zoo.layers.pooling.reversible_max_pooling2d:ReversibleMaxPooling2D",
    "pooling.mixed": "saliency_zoo.layers.pooling.mixed_pooling2d:MixedPooling2D",
    "pooling.saliency": "saliency_zoo.layers.pooling.saliency_pooling2d:SaliencyPooling2D",
    "pooling.spectral": "saliency_zoo.layers.pooling.spectral_pooling2d:SpectralPooling2D",
    "pooling.stochastic": "saliency_zoo.layers.pooling.stochastic_pooling2d:StochasticPooling2D",
    "pooling.trainable_average": (
        "saliency_zoo.layers.pooling.trainable_average_pooling2d:TrainableAveragePooling2D"
    ),
    "preprocessing.contrast_normalisation": (
        "saliency_zoo.layers.preprocessing.contrast_normalisation:ContrastNormalisation"
    ),
    "preprocessing.image_standardisation": (
        "saliency_zoo.layers.preprocessing.image_standardisation:ImageStandardisation"
    ),
    "preprocessing.whitening": "saliency_zoo.layers.preprocessing.whitening:Whitening",
    "regularisation.dropout": ("keras.layers:Dropout", {"rate": 0.5}),
    "regularisation.gaussian_noise": ("keras.layers:GaussianNoise", {"stddev": 0.1}),
    "regularisation.spatial_dropout": ("keras.layers:SpatialDropout2D", {"rate": 0.5}),
    "sparsity.k_winners": "saliency_zoo.layers.sparsity.k_winners:KWinners",
    "sparsity.kl": "saliency_zoo.layers.sparsity.kl:KLSparsity",
    "sparsity.l1": "saliency_zoo.layers.sparsity.l1:L1Sparsity",
    "sparsity.response": "saliency_zoo.layers.sparsity.response:ResponseSparsity",
    "sparsity.unit_response": "saliency_zoo.layers.sparsity.unit_response:UnitResponseSparsity",
    "structure.bias": "saliency_zoo.layers.structure.bias:Bias",
    "structure.branches": "saliency_zoo.layers.structure.branches:Branches",
    "structure.decoder": "saliency_zoo.layers.structure.decoder:Decoder",
    "structure.depthwise": ("keras.layers:DepthwiseConv2D", {"kernel_size": 3}),
    "structure.maxout": "saliency_zoo.layers.structure.maxout:Maxout",
    "structure.padded_shortcut": "saliency_zoo.layers.structure.padded_shortcut:PaddedShortcut",
    "structure.padding": "saliency_zoo.layers.structure.padding2d:Padding2D",
    "structure.radial_basis": "saliency_zoo.layers.structure.radial_basis:RadialBasis",
    "structure.residual_block": "saliency_zoo.layers.structure.residual_block:ResidualBlock",
    "structure.stage": "saliency_zoo.layers.structure.stage:Stage",
    "structure.stochastic_depth": "saliency_zoo.layers.structure.stochastic_depth:StochasticDepth",
}
