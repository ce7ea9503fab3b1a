"""Layers, one a file, in the folder of their role: `pooling.max` is `pooling/max.py`.

Files beside the folders are none of these: `make` looks them up, `preprocess` puts some together,
`noisy` and `windows` serve several roles.
"""

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
    "convolution.fft": "saliency_zoo.layers.convolution.fft:FFTConv2D",
    "convolution.flipped": "saliency_zoo.layers.convolution.flipped:FlippedConv2D",
    "convolution.maxout": "saliency_zoo.layers.convolution.maxout:MaxoutConv2D",
    "convolution.mlpconv": "saliency_zoo.layers.convolution.mlpconv:MlpConv2D",
    "convolution.partially_connected": (
        "saliency_zoo.layers.convolution.partially_connected:PartiallyConnectedConv2D"
    ),
    "convolution.separable": "keras.layers:SeparableConv2D",
    "convolution.standard": "saliency_zoo.layers.convolution.standard:ReversibleConv2D",
    "convolution.tiled": "saliency_zoo.layers.convolution.tiled:TiledConv2D",
    "convolution.transposed": "keras.layers:Conv2DTranspose",
    "corruption.gaussian": "saliency_zoo.layers.corruption.gaussian:GaussianCorruption",
    "corruption.masking": "saliency_zoo.layers.corruption.masking:MaskingCorruption",
    "corruption.patches": "saliency_zoo.layers.corruption.patches:PatchCorruption",
    "corruption.salt_and_pepper": (
        "saliency_zoo.layers.corruption.salt_and_pepper:SaltAndPepperCorruption"
    ),
    "dense.dropconnect": "saliency_zoo.layers.dense.dropconnect:DropConnectDense",
    "dense.standard": "saliency_zoo.layers.dense.standard:ReversibleDense",
    "normalisation.batch": ("saliency_zoo.layers.normalisation.batch:BatchNormalisation"),
    "normalisation.group": ("keras.layers:GroupNormalization", {"groups": 1}),
    "normalisation.instance": ("keras.layers:GroupNormalization", {"groups": -1}),
    "normalisation.layer": "keras.layers:LayerNormalization",
    "normalisation.local_response": (
        "saliency_zoo.layers.normalisation.local_response:LocalResponseNormalisation"
    ),
    "pooling.average": "keras.layers:AveragePooling2D",
    "pooling.gated": "saliency_zoo.layers.pooling.gated:GatedPooling2D",
    "pooling.k_max": "saliency_zoo.layers.pooling.k_max:KMaxPooling2D",
    "pooling.lp": "saliency_zoo.layers.pooling.lp:LpPooling2D",
    "pooling.max": "saliency_zoo.layers.pooling.max:ReversibleMaxPooling2D",
    "pooling.mixed": "saliency_zoo.layers.pooling.mixed:MixedPooling2D",
    "pooling.saliency": "saliency_zoo.layers.pooling.saliency:SaliencyPooling2D",
    "pooling.spectral": "saliency_zoo.layers.pooling.spectral:SpectralPooling2D",
    "pooling.stochastic": "saliency_zoo.layers.pooling.stochastic:StochasticPooling2D",
    "pooling.trainable_average": (
        "saliency_zoo.layers.pooling.trainable_average:TrainableAveragePooling2D"
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
    "structure.padding": "saliency_zoo.layers.structure.padding:Padding2D",
    "structure.radial_basis": "saliency_zoo.layers.structure.radial_basis:RadialBasis",
    "structure.residual_block": "saliency_zoo.layers.structure.residual_block:ResidualBlock",
    "structure.stage": "saliency_zoo.layers.structure.stage:Stage",
    "structure.stochastic_depth": "saliency_zoo.layers.structure.stochastic_depth:StochasticDepth",
}
