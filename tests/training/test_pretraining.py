"""The orders and rounds of pre-training, in runs of a few steps."""

import h5py
import keras
import numpy as np
import pytest

from saliency_zoo import config
from saliency_zoo.errors import ZooError
from saliency_zoo.presets import DECODERS, JOINT
from saliency_zoo.rehearsal import rehearse
from saliency_zoo.training import checkpoint, refinement
from saliency_zoo.training.pretraining import pretrain
from saliency_zoo.training.run import Run

TABLE = {
    "data": {
        "name": "synthetic",
        "size": 12,
        "crop": 8,
        "options": {"unlabelled": 32, "train": 20},
    },
    "saliency": {"name": "luminance"},
    "network": {"name": "thesis_conv", "filters": 4, "kernel_size": 3},
    "learner": {"name": "dual_path", "auxiliary_filters": 4},
    "train": {"epochs": 1, "batch_size": 16, "checkpoint_seconds": 0.0},
}


def run_of(folder, learner=None, **train):
    table = {**TABLE, "train": {**TABLE["train"], **train}}
    table["learner"] = learner or TABLE["learner"]
    return Run(config.from_table(table), folder, "one")


def weights_of(model):
    return [keras.ops.convert_to_numpy(v) for v in model.variables]


def phases(run):
    lines = (run.folder / "history.csv").read_text().splitlines()[1:]
    return list(dict.fromkeys(line.partition(",")[0] for line in lines))


def equal(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_each_order_trains_what_it_says_and_ends_elsewhere(tmp_path):
    found = {}
    for order in ("greedy", "together", "auxiliary_first"):
        run = run_of(tmp_path / order, order=order)
        found[order] = weights_of(pretrain(run))
        steps = [phase.removeprefix("pretrain-") for phase in phases(run)]
        assert (
            steps
            == {
                "greedy": ["stage1", "stage2", "stage3"],
                "together": ["together"],
                "auxiliary_first": ["auxiliary-stage1", "auxiliary-stage2", "together"],
            }[order]
        )
    assert not equal(found["greedy"], found["together"])
    assert not equal(found["together"], found["auxiliary_first"])


def test_greedy_stages_do_not_care_when_the_auxiliary_ones_learn(tmp_path):
    """The main weights of a stage are the same, whether its auxiliary sentence learns or not."""
    without = run_of(
        tmp_path / "one", learner={"name": "saliency_decoder", "saliency_weight": [1.0, 0.0, 0.0]}
    )
    beside = run_of(tmp_path / "two", learner={**TABLE["learner"], "saliency_weight": [1.0, 0, 0]})
    encoders = [pretrain(run) for run in (without, beside)]
    first = [weights_of(encoder.get_layer("stage1")) for encoder in encoders]
    for one, other in zip(*first, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


class Killed(BaseException):
    """As sudden as a signal: nothing catches it."""


def killing(function, count):
    """The function, after whose call of this number nothing more happens."""
    calls = []

    def last(*arguments):
        function(*arguments)
        calls.append(arguments)
        if len(calls) == count:
            raise Killed

    return last


def test_a_round_goes_on_with_the_maps_of_the_one_before(tmp_path, monkeypatch):
    monkeypatch.setattr("saliency_zoo.training.step_tensorflow._AT_ONCE", 1)  # saves each step
    once = weights_of(pretrain(run_of(tmp_path / "once")))
    run = run_of(tmp_path / "twice", rounds=2)
    twice = weights_of(pretrain(run))
    assert not equal(once, twice)
    assert phases(run)[:4] == [
        "pretrain-stage1",
        "pretrain-stage2",
        "pretrain-stage3",
        "round2-stage1",
    ]
    maps = np.load(run.checkpoint("pretrain").with_suffix(".npy"))
    assert maps.shape == run.inputs.maps.shape
    assert maps.min() >= 0
    assert maps.max() <= 1
    again = weights_of(pretrain(run_of(tmp_path / "twice", rounds=2)))  # from the checkpoints
    assert equal(again, twice)
    killed = run_of(tmp_path / "killed", rounds=2)
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "save", killing(checkpoint.save, 7))  # in the second round
        with pytest.raises(Killed):
            pretrain(killed)
    assert phases(killed) == phases(run)[:3]
    assert equal(weights_of(pretrain(killed)), twice)


@pytest.mark.parametrize(("size", "crop"), [(12, 8), (32, 24), (12, 12), (10, 3)])
def test_crops_cover_the_image(size, crop):
    places = refinement._offsets(size, crop)
    covered = np.zeros(size, bool)
    for place in places:
        assert 0 <= place <= size - crop
        covered[place : place + crop] = True
    assert covered.all()
    assert places[0] == 0 or size == crop


def test_maps_of_crops_are_averaged(tmp_path):
    run = run_of(tmp_path)

    class Bright:
        """Decodes each pixel's own brightness."""

        def encode(self, images, training=None):
            return images, None

        def decode_saliency(self, codes):
            return codes.mean(-1, keepdims=True)

    images = run.inputs.pretraining
    found = refinement._averaged(Bright(), images, lambda pixels: pixels / 255.0, 8)
    np.testing.assert_allclose(found, images.mean(-1) / 255, atol=1e-6)


def test_decoders_are_kept_with_the_stages_they_were_trained_with(tmp_path):
    run = run_of(tmp_path / "maps", joint_epochs=1)
    pretrain(run)
    assert (run.folder / JOINT).exists()
    image = run_of(tmp_path / "image", learner={"name": "autoencoder"}, joint_epochs=1)
    encoder = pretrain(image)
    assert not (image.folder / JOINT).exists()
    from saliency_zoo.learners.stack import learner

    with h5py.File(image.folder / DECODERS / "stage1.weights.h5") as file:
        stored = []
        file.visititems(lambda _, item: stored.append(getattr(item, "shape", None)))
    # The kernel and the bias of the stage once, and the decoder's bias: they are tied.
    assert sorted(filter(None, stored)) == [(3,), (3, 3, 3, 4), (4,)]
    fresh = image.build(0)
    part = learner("autoencoder", fresh, stage="stage1")
    part.load_weights(image.folder / DECODERS / "stage1.weights.h5")
    assert equal(*(weights_of(m.get_layer("stage1")) for m in (encoder, fresh)))


@pytest.mark.parametrize(
    ("learner", "train", "message"),
    [
        ("autoencoder", {"rounds": 2}, "train.rounds is for learners with a saliency head"),
        ("autoencoder", {"order": "auxiliary_first"}, "auxiliary stages"),
    ],
)
def test_what_the_learner_cannot_do_is_refused_before_the_run(learner, train, message, tmp_path):
    with pytest.raises(ZooError, match=message) as error:
        rehearse(run_of(tmp_path, learner={"name": learner}, **train))
    assert "\n" not in str(error.value)
