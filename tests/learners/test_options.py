"""Options of the autoencoder family, one by one, against numpy."""

import keras
import numpy as np
import pytest
from keras import ops

import saliency_zoo as zoo
from saliency_zoo.layers.dense.standard import ReversibleDense
from saliency_zoo.layers.structure.stage import Stage
from saliency_zoo.learners.distances import Distance
from saliency_zoo.learners.stack import learner
from saliency_zoo.networks.network import assemble, stages
from saliency_zoo.testing import example_batch
from saliency_zoo.testing.arrays import gradients, normal


def dense(units=(7, 5), activation="sigmoid"):
    """A small dense network on 4x4 colour images."""
    keras.utils.set_random_seed(2)
    rows = [[ReversibleDense(n), keras.layers.Activation(activation)] for n in units]
    parts = [Stage(layers, name=f"stage{i}") for i, layers in enumerate(rows, start=1)]
    parts[0].layers.insert(0, keras.layers.Flatten())
    return assemble("dense", (4, 4, 3), parts, keras.layers.Flatten())


def conv(**options):
    keras.utils.set_random_seed(1)
    return zoo.create(
        "thesis_conv", classes=None, image_size=8, filters=2, kernel_size=3, **options
    )


def numbers(value):
    return ops.convert_to_numpy(value)


def losses(taught, batch, training=False):
    return {name: numbers(value) for name, value in taught(batch, training=training).items()}


def unit_images():
    return np.random.default_rng(0).random((4, 4, 4, 3)).astype("float32")


SIGMOID = {"distance": "cross_entropy", "decoder_activation": "sigmoid"}


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_cross_entropy_of_a_dense_autoencoder(reduction):
    network, x = dense(), unit_images()
    taught = learner("autoencoder", network, reduction=reduction, **SIGMOID)
    for variable in taught.trainable_variables:
        variable.assign_add(0.1 * normal(variable.shape))
    kernel, bias = map(numbers, stages(network)[0].trainable_variables)
    (back,) = map(numbers, taught.parts["stage1"].decoder.trainable_variables)
    flat = x.reshape(4, -1).astype(float)
    codes = 1 / (1 + np.exp(-(flat @ kernel + bias)))
    decoded = 1 / (1 + np.exp(-(codes @ kernel.T + back.ravel())))
    elements = -flat * np.log(decoded) - (1 - flat) * np.log(1 - decoded)
    found = losses(taught, {"image": x})["stage1/reconstruction"]
    np.testing.assert_allclose(found, getattr(elements, reduction)(1), rtol=1e-4)


@pytest.mark.parametrize("name", ["squared", "absolute", "cross_entropy"])
def test_distances_are_least_at_the_target_and_take_a_weight(name):
    target = np.float32([[0.0, 0.3, 0.8, 1.0]])
    distance = Distance("distance", name, "sum")
    at, off = (float(distance(target, d)[0]) for d in (target, np.clip(target, 0.1, 0.7)))
    assert 0 <= at < off
    if name != "cross_entropy":
        assert at == 0
    weight = {"squared": 4.0}.get(name, 2.0)  # squared with the difference
    found = float(distance(target, np.clip(target, 0.1, 0.7), 2.0)[0])
    np.testing.assert_allclose(found, weight * off, rtol=1e-5)


def test_cross_entropy_is_never_negative_and_zero_only_for_bits():
    distance = Distance("distance", "cross_entropy", "sum")
    assert float(distance(np.float32([[0, 1]]), np.float32([[0, 1]]))[0]) < 1e-5
    assert float(distance(np.float32([[0.5]]), np.float32([[0.5]]))[0]) > 0.69
    assert float(distance(np.float32([[1, 0]]), np.float32([[0, 1]]))[0]) > 30  # and finite


@pytest.mark.parametrize(("norm", "power"), [(2.0, 2), (1.0, 1), (1.5, 1.5)])
def test_weights_cost_their_norm_once_a_batch(norm, power):
    network = conv()
    taught = learner("autoencoder", network, weight_penalty=0.3, weight_norm=norm)
    batch = example_batch(taught, network)
    found = losses(taught, batch)
    kernel = numbers(stages(network)[0].trainable_variables[0])
    np.testing.assert_allclose(found["stage1/weights"], (np.abs(kernel) ** power).sum(), rtol=1e-5)
    first = taught.parts["stage1"]
    values = first(batch)
    expected = sum(numbers(v).mean() * {"weights": 0.3}.get(k, 1.0) for k, v in values.items())
    np.testing.assert_allclose(float(first.total(values, 4)), expected, rtol=1e-5)


def test_kernels_alone_cost_and_those_of_an_untied_decoder_too():
    network = conv(activation="prelu")  # whose slopes are an image
    kernel = numbers(stages(network)[0].layers[0].kernel)
    for tied in (True, False):
        part = learner("autoencoder", network, stage="stage1", weight_penalty=1.0, tied=tied)
        own = 0 if tied else numbers(part.decoder.linear.linear.kernel)
        found = losses(part, example_batch(part, network))["weights"]
        np.testing.assert_allclose(found, (kernel**2).sum() + np.sum(own**2), rtol=1e-5)


def test_sparsity_counts_with_its_weight_and_reduction():
    network = conv()
    means, sums = (
        learner("autoencoder", network, sparsity="l1", sparsity_weight=0.5, reduction=r)
        for r in ("mean", "sum")
    )
    batch = example_batch(means, network)
    codes = numbers(stages(network)[0](batch["image"]))
    for taught, reduce in ((means, np.mean), (sums, np.sum)):
        found = losses(taught, batch)["stage1/sparsity"]
        np.testing.assert_allclose(found, reduce(np.abs(codes), (1, 2, 3)), rtol=1e-5)
        assert taught.scales["stage1/sparsity"] == 0.5


def test_only_winners_are_decoded_and_all_codes_are_passed_on():
    network = conv()
    taught = learner("autoencoder", network, sparsity={"name": "k_winners", "share": 0.25})
    batch = example_batch(taught, network)
    part, stage = taught.parts["stage1"], stages(network)[0]
    codes, trace = part.encode(batch["image"])
    assert np.array_equal(codes, stage(batch["image"]))
    flat = numbers(codes).reshape(4, -1)
    least = np.sort(flat, 1)[:, -8][:, None]  # of 4 * 4 * 2
    winners = np.where(flat >= least, flat, 0).reshape(codes.shape)
    expected = np.mean((numbers(part.decoder(winners, trace)) - batch["image"]) ** 2, (1, 2, 3))
    assert list(losses(part, batch)) == ["reconstruction"]
    np.testing.assert_allclose(losses(part, batch)["reconstruction"], expected, rtol=1e-5)


@pytest.mark.parametrize("options", [{"groups": 3}, {"dilation_rate": 2}], ids=str)
def test_convolutions_without_a_way_back_get_a_decoder_of_their_own(options):
    keras.utils.set_random_seed(1)
    small = {"classes": None, "image_size": 8, "filters": 3, "kernel_size": 3}
    network = zoo.create("thesis_conv", convolution={"name": "standard", **options}, **small)
    taught = learner("autoencoder", network)
    assert not stages(network)[0].reversible
    assert losses(taught, example_batch(taught, network))["stage1/reconstruction"].shape == (4,)


def test_a_decoded_activation_is_trained_with_the_rest():
    taught = learner("autoencoder", conv(), decoder_activation="prelu")
    slopes = [v for v in taught.trainable_variables if v.name == "alpha"]
    assert len(slopes) == len(taught.parts)


def test_winners_within_maps_need_maps_from_the_beginning():
    with pytest.raises(zoo.ZooError, match="rows and columns"):
        learner("autoencoder", dense(), sparsity={"name": "k_winners", "within": "map"})


def test_the_second_decoder_has_as_much_to_decode_and_nothing_new():
    network = conv()
    control, path = (
        learner(n, network, auxiliary_filters=2) for n in ("second_decoder", "dual_path")
    )
    assert control.uses == {"image"}
    assert not control.decodes_saliency
    for stage in control.parts:
        sizes = [
            [w.shape for w in taught.parts[stage].saliency_head.weights]
            for taught in (control, path)
        ]
        assert sizes[0] == sizes[1]
    x = example_batch(control, network)["image"]
    found = losses(control, {"image": x})
    for (name, part), stage in zip(control.parts.items(), stages(network), strict=True):
        codes = stage(x)
        target = numbers(x).mean(-1, keepdims=True) if name == "stage1" else numbers(x)
        expected = np.mean((numbers(part.saliency_head(codes)) - target) ** 2, (1, 2, 3))
        np.testing.assert_allclose(found[f"{name}/saliency"], expected, rtol=1e-4)
        x = codes


@pytest.mark.parametrize("name", ["dual_path", "second_decoder"])
def test_weights_of_the_paths_by_default(name):
    assert learner(name, conv()).scales["stage3/saliency"] == 1.0
    scales = learner(name, dense((6, 6, 6))).scales
    found = [scales[f"stage{i}/saliency"] for i in (1, 2, 3)]
    np.testing.assert_allclose(found, [1.0, 0.9, 0.8])


def test_the_auxiliary_code_of_a_dense_path():
    network = dense((6, 6, 6))
    taught = learner("dual_path", network, auxiliary_units=11)
    shapes = [part.auxiliary and part.auxiliary.shapes[-1] for part in taught.parts.values()]
    assert shapes == [(11,), (11,), None]  # nothing reads codes beside the last stage
    assert taught.parts["stage2"].saliency_head.linear.shape == (11,)


def test_the_auxiliary_stage_decodes_maps_by_the_units_of_its_distance():
    network = conv()
    distances = ["cross_entropy", "squared", "squared"]
    taught = learner("dual_path", network, saliency_distance=distances, auxiliary_filters=2)
    batch, part = example_batch(taught, network), taught.parts["stage1"]
    part.auxiliary_decoder.bias.bias.assign([-2.0])  # below 0 a linear unit would not learn
    maps = batch["saliency"]
    decoded = numbers(part.auxiliary_map(part.auxiliary_code(maps)))
    expected = -np.mean(maps * np.log(decoded) + (1 - maps) * np.log(1 - decoded), (1, 2, 3))
    np.testing.assert_allclose(losses(part, batch)["auxiliary"], expected, rtol=1e-4)
    variables = part.auxiliary.trainable_variables
    assert all(map(np.any, gradients(lambda: ops.mean(part(batch)["auxiliary"]), variables)))


def test_a_stage_alone_normalises_by_what_it_encodes():
    network = conv(normalisation="batch")
    corruption = {"name": "masking", "rate": 1.0}
    part = learner("autoencoder", network, stage="stage1", corruption=corruption)
    part(example_batch(part, network), training=True)
    normalisation = stages(network)[0].layers[1]
    assert not np.any(numbers(normalisation.moving_mean))  # it saw masked images and no others


@pytest.mark.parametrize(("dropout", "corruption"), [(0.5, None), (0.0, "masking")])
def test_stages_that_learn_together_pass_codes_on_without_noise(dropout, corruption):
    units = {"classes": None, "image_size": 4, "units": [9, 8, 7], "dropout": dropout}
    network = zoo.create("thesis_dense_small", **units)
    taught = learner("autoencoder", network, corruption=corruption)
    batch, first = example_batch(taught, network), taught.parts["stage1"]
    passed = first.step(batch, batch["image"], training=True)[1]
    np.testing.assert_array_equal(numbers(passed), numbers(stages(network)[0](batch["image"])))


def test_what_was_frozen_stays_so():
    network = conv()
    kernel = stages(network)[0].layers[0]
    kernel.trainable = False
    taught = learner("dual_path", network, auxiliary_filters=2)
    for auxiliary in (True, False, None):
        assert not any(v is kernel.kernel for v in taught.trainable_variables)
        taught.parts["stage1"].attend(auxiliary)
    assert not any(v is kernel.kernel for v in taught.trainable_variables)


def test_patches_are_hidden_where_it_is_salient_and_have_to_be_guessed():
    network = conv()
    corruption = {"name": "patches", "share": 0.25, "patch": 4}
    first = learner("autoencoder", network, stage="stage1", corruption=corruption)
    assert first.uses == {"image", "saliency"}
    assert first.noise_shape == (4,)
    batch = example_batch(first, network)
    batch["saliency"] = np.zeros_like(batch["saliency"])
    batch["saliency"][:, :4, 4:] = 1
    codes, _ = first.encode(batch["image"], batch["noise"], True, batch["saliency"])
    hidden = batch["image"].copy()
    hidden[:, :4, 4:] = hidden.mean((1, 2), keepdims=True)
    expected, _ = first.encode(hidden)
    np.testing.assert_allclose(codes, expected, atol=1e-5)


def test_a_stack_decodes_images_where_all_of_its_stages_learn_to():
    def decodes(weight):
        return learner("dual_path", conv(), reconstruction_weight=weight).decodes_image

    assert decodes(0.02)
    assert not decodes(0.0)


def test_sentences_can_be_trained_apart():
    network = conv()
    part = learner("dual_path", network, stage="stage1")
    batch = example_batch(part, network)
    every, main = list(losses(part, batch)), {id(v) for v in part.stage.trainable_variables}
    part.attend(auxiliary=True)
    assert list(losses(part, batch)) == ["auxiliary"]
    assert main.isdisjoint(map(id, part.trainable_variables))
    part.attend(auxiliary=False)
    assert list(losses(part, batch)) == ["reconstruction", "saliency"]
    own = {id(v) for v in part.auxiliary.variables}
    assert own.isdisjoint(map(id, part.trainable_variables))
    assert main <= set(map(id, part.trainable_variables))
    part.attend()
    assert list(losses(part, batch)) == every


def test_a_pooling_that_decodes_saliency_learns_the_map():
    network = conv(pooling="saliency")
    taught = learner("saliency_decoder", network)
    batch = example_batch(taught, network)
    first, stage = taught.parts["stage1"], stages(network)[0]
    features = stage.trace(batch["image"])[1][-1]
    maps = numbers(stage.layers[-1].decode_saliency(features))
    expected = np.mean((maps - batch["saliency"]) ** 2, (1, 2, 3))
    np.testing.assert_allclose(losses(first, batch)["pooling"], expected, rtol=1e-4)
    assert "pooling" not in learner("autoencoder", network).logged


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"distance": "cross_entropy"}, "decoder_activation = 'sigmoid'"),
        ({"head_target": "map"}, "Received: 'map'"),
        ({"name": "dual_path", "head_target": "input"}, "no auxiliary codes"),
        ({"name": "dual_path", "saliency_distance": "cross_entropy"}, "auxiliary codes are not"),
        ({"weight_norm": 0.5}, "at least 1"),
        ({"weight_penalty": -1.0}, "weight_penalty is at least 0"),
        ({"sparsity": "l2"}, "Received: 'l2'"),
        ({"sparsity": "kl"}, "sigmoid units. Received: KLSparsity at 'stage1'"),
        ({"corruption": "patches"}, "rows and columns"),
    ],
)
def test_wrong_options_get_one_sentence(options, message):
    spec = {"name": "autoencoder", **options}
    with pytest.raises(zoo.ZooError, match=message) as error:
        learner(spec, dense(activation="relu"))
    assert "\n" not in str(error.value)


def test_cross_entropy_of_codes_that_are_no_rates_is_refused():
    with pytest.raises(zoo.ZooError, match="sigmoid units in the stage below"):
        learner("autoencoder", dense(activation="relu"), **SIGMOID)
    mixed = {**SIGMOID, "distance": ["cross_entropy", "squared"]}
    learner("autoencoder", dense(activation="relu"), **mixed)
