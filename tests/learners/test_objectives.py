"""Objectives of the autoencoder family against numpy, and where their gradients go."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops

from saliency_zoo.errors import ZooError
from saliency_zoo.learners.stack import learner
from saliency_zoo.networks.network import create, stages
from saliency_zoo.testing import example_batch, gradients
from saliency_zoo.testing.arrays import normal
from saliency_zoo.testing.fitting import ready


@pytest.fixture
def network():
    keras.utils.set_random_seed(1)
    network = create("thesis_conv", classes=None, image_size=8, filters=2, kernel_size=3)
    for variable in network.trainable_variables:  # biases count too
        variable.assign_add(0.1 * normal(variable.shape))
    return network


def disturb(taught):
    for variable in taught.trainable_variables:
        variable.assign_add(0.05 * normal(variable.shape, seed=3))


def convolved(x, kernel, bias=0.0):
    """A convolution of odd kernels with "same" padding, as a sum over the places in the kernel."""
    k = kernel.shape[0] // 2
    padded = np.pad(x, [(0, 0), (k, k), (k, k), (0, 0)])
    height, width = x.shape[1:3]
    places = itertools.product(*map(range, kernel.shape[:2]))
    return bias + sum(padded[:, i : i + height, j : j + width] @ kernel[i, j] for i, j in places)


def transposed(h, kernel):
    """Its adjoint: the flipped kernel with its channels exchanged."""
    return convolved(h, kernel[::-1, ::-1].transpose(0, 1, 3, 2))


def pooled(x):
    """2x2 maxima, and where they are."""
    b, height, width, c = x.shape
    cells = x.reshape(b, height // 2, 2, width // 2, 2, c).transpose(0, 1, 3, 5, 2, 4)
    cells = cells.reshape(*cells.shape[:4], 4)
    return cells.max(-1), cells.argmax(-1)


def unpooled(values, places):
    b, height, width, c = values.shape
    cells = (values[..., None] * np.eye(4)[places]).reshape(b, height, width, c, 2, 2)
    return cells.transpose(0, 1, 4, 2, 5, 3).reshape(b, 2 * height, 2 * width, c)


def painted(codes, kernel, step):
    """The saliency head: each code paints its kernel around its own cell."""
    k, before, size = len(kernel), (len(kernel) - step) // 2, step * codes.shape[1]
    canvas = np.zeros((len(codes), size + k, size + k, kernel.shape[2]))
    for i, j in np.ndindex(*codes.shape[1:3]):
        place = np.s_[:, i * step : i * step + k, j * step : j * step + k]
        canvas[place] += np.einsum("bc,uvoc->buvo", codes[:, i, j], kernel)
    return canvas[:, before : before + size, before : before + size]


def encoded(x, weights):
    return pooled(np.maximum(convolved(x, *weights), 0))


def decoded(codes, places, weights, bias):
    """A stage backwards: unpooling, no activation, the transposed kernel, a bias of its own."""
    return transposed(unpooled(codes, places), weights[0]) + bias


def weights_of(layer):
    return [ops.convert_to_numpy(v).astype(float) for v in layer.trainable_variables]


def expected_losses(taught, network, batch, reduce, foreground=False, base=0.2):
    """The three sentences of the design, stage by stage, in numpy."""
    x, a = batch["image"].astype(float), batch["saliency"].astype(float)
    losses = {}
    for (name, part), stage in zip(taught.parts.items(), stages(network), strict=True):
        weights = weights_of(stage)
        h, places = encoded(x, weights)
        back = decoded(h, places, weights, *weights_of(part.decoder))
        weight = (a + base) / (a + base).max((1, 2, 3), keepdims=True) if foreground else 1.0
        foreground = False  # of images only, not of codes
        losses[f"{name}/reconstruction"] = reduce((weight * (back - x)) ** 2)
        if part.saliency_head is not None:
            kernel, bias = weights_of(part.saliency_head)
            found = painted(h, kernel, a.shape[1] // h.shape[1]) + bias
            losses[f"{name}/saliency"] = reduce((found - a) ** 2)
        if part.auxiliary is not None:
            own = weights_of(part.auxiliary)
            c, _ = encoded(a, own)
            spread = c.repeat(2, 1).repeat(2, 2)  # without switches
            back = transposed(spread, own[0]) + weights_of(part.auxiliary_decoder)[0]
            losses[f"{name}/auxiliary"] = reduce((back - a) ** 2)
            a = c
        x = h
    return losses


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("name", ["autoencoder", "foreground", "saliency_decoder", "dual_path"])
def test_objectives_equal_numpy(name, reduction, network):
    taught = learner(name, network, reduction=reduction)
    disturb(taught)
    batch = example_batch(taught, network)
    batch.setdefault("saliency", np.zeros((4, 8, 8, 1), np.float32))
    losses = {k: ops.convert_to_numpy(v) for k, v in taught(batch).items()}
    reduce = getattr(np, reduction)
    expected = expected_losses(
        taught, network, batch, lambda e: reduce(e, (1, 2, 3)), foreground=name == "foreground"
    )
    assert list(losses) == list(expected) == taught.logged
    for key, values in expected.items():
        np.testing.assert_allclose(losses[key], values, rtol=1e-4, err_msg=key)


@pytest.mark.parametrize("name", ["autoencoder", "foreground", "saliency_decoder", "dual_path"])
def test_gradients_equal_differences(name, network):
    """The reference's loss, moved along each variable's gradient, grows as the gradient says."""
    options = {"saliency_weight": 0.7} if name in ("saliency_decoder", "dual_path") else {}
    stack = learner(name, network, auxiliary_filters=2, **options)  # few switches that may flip
    disturb(stack)
    batch = example_batch(stack, network)
    batch.setdefault("saliency", np.zeros((4, 8, 8, 1), np.float32))
    first = stack.parts["stage1"]
    variables = first.trainable_variables
    found = gradients(lambda: first.total(first(batch), 4), variables)

    def total():
        losses = expected_losses(
            stack, network, batch, lambda e: e.mean((1, 2, 3)), foreground=name == "foreground"
        )
        own = {k.partition("/")[2]: v for k, v in losses.items() if k.startswith("stage1/")}
        scales = {"saliency": 0.7}
        return sum(scales.get(k, 1.0) * v.mean() for k, v in own.items())

    for variable, gradient in zip(variables, found, strict=True):
        start = ops.convert_to_numpy(variable)
        direction = gradient / max(np.linalg.norm(gradient), 1e-12)
        places, ends = [], []
        for step in (1e-5, -1e-5):  # so small that no switch flips; numpy computes in float64
            variable.assign(start + step * direction)
            places.append(ops.convert_to_numpy(variable).astype(float))
            ends.append(total())
        variable.assign(start)
        expected = np.sum(gradient * (places[0] - places[1]))
        np.testing.assert_allclose(ends[0] - ends[1], expected, rtol=0.02, atol=1e-9)


@pytest.mark.parametrize("weights", [0.0, [1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 0.0]])
def test_saliency_can_be_switched_off_at_a_stage(weights, network):
    taught = learner("dual_path", network, saliency_weight=weights)
    given = weights if isinstance(weights, list) else [weights] * 3
    decoding = [part.saliency_head is not None for part in taught.parts.values()]
    assert decoding == [weight > 0 for weight in given]
    losses = taught(example_batch(taught, network))
    assert [f"{s}/saliency" in losses for s in taught.parts] == decoding


def test_no_gradient_passes_between_the_paths(network):
    taught = learner("dual_path", network)
    disturb(taught)
    batch = example_batch(taught, network)
    auxiliary = [
        v
        for part in taught.parts.values()
        if part.auxiliary is not None
        for v in (*part.auxiliary.trainable_variables, *part.auxiliary_decoder.trainable_variables)
    ]
    main = network.trainable_variables

    def sentences(wanted):
        return lambda: sum(
            ops.sum(v) for k, v in taught(batch).items() if k.endswith("auxiliary") == wanted
        )

    assert not any(map(np.any, gradients(sentences(False), auxiliary)))
    assert not any(map(np.any, gradients(sentences(True), main)))
    assert all(map(np.any, gradients(sentences(True), auxiliary[:2])))
    assert all(map(np.any, gradients(sentences(False), main[:2])))


def test_the_auxiliary_path_leaves_no_trace(network, tmp_path):
    before = [(v.path, v.shape) for v in network.variables]
    taught = learner("dual_path", network)
    ready(taught, "sgd")
    taught.fit(example_batch(taught, network), verbose=0)
    assert [(v.path, v.shape) for v in network.variables] == before
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    x = normal((2, 8, 8, 3))
    np.testing.assert_array_equal(loaded(x), network(x))


def test_the_corruption_hits_the_code_but_not_the_target(network):
    clean = learner("autoencoder", network, stage="stage1")
    noisy = learner("autoencoder", network, stage="stage1", corruption="masking")
    batch = example_batch(noisy, network)
    batch["noise"] = np.zeros_like(batch["noise"])  # everything is masked
    given = noisy(batch, training=True)["reconstruction"]
    codes, trace = clean.encode(np.zeros_like(batch["image"]))
    blind = ops.convert_to_numpy(noisy.decode(codes, trace))
    expected = np.mean((blind - batch["image"]) ** 2, (1, 2, 3))
    np.testing.assert_allclose(given, expected, rtol=1e-4)
    np.testing.assert_allclose(
        noisy(batch)["reconstruction"], clean(batch)["reconstruction"], rtol=1e-6
    )


def test_plain_fit_logs_each_objective_once(network):
    taught = learner("dual_path", network)
    ready(taught, "sgd")
    history = taught.fit(example_batch(taught, network), verbose=0).history
    assert set(history) == {"loss", *taught.logged}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"saliency_weight": [1.0, 2.0]}, "each of the 3 stages"),
        ({"saliency_weight": -1.0}, "at least 0"),
        ({"distance": "square"}, "Did you mean 'squared'"),
        ({"redduction": "sum"}, "Did you mean 'reduction'"),
        ({"corruption": "mask"}, "Did you mean 'masking'"),
        ({"stage": "stage9"}, "Received: 'stage9'"),
    ],
)
def test_wrong_options_get_one_sentence(options, message, network):
    with pytest.raises(ZooError, match=message) as error:
        learner("dual_path", network, **options)
    assert "\n" not in str(error.value)
