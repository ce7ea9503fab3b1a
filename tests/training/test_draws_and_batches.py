"""Batches are functions of (seed, epoch, step), and what is drawn is what it should be."""

import numpy as np
import pytest

from saliency_zoo import ZooError
from saliency_zoo.data import draws
from saliency_zoo.data.pipeline import Batches, centred
from saliency_zoo.data.scaling import Scaling

IMAGES = np.random.default_rng(0).integers(0, 256, (40, 10, 12, 3), np.uint8)
PLAIN = Scaling((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


def batches(**options):
    return Batches(IMAGES, PLAIN, **{"batch_size": 8, "seed": 3, **options})


def test_uniform_numbers_are_uniform_and_unrelated():
    numbers = draws.uniform(1, 2, np.arange(20_000), 3)
    assert numbers.dtype == np.float32
    assert 0 <= numbers.min() < 1e-3
    assert 0.999 < numbers.max() < 1
    assert np.allclose(numbers.mean(0), 0.5, atol=0.01)
    assert np.allclose(numbers.var(0), 1 / 12, atol=0.002)
    assert np.all(np.abs(np.corrcoef(numbers.T) - np.eye(3)) < 0.03)
    lag = np.corrcoef(numbers[:-1, 0], numbers[1:, 0])[0, 1]
    assert abs(lag) < 0.03


@pytest.mark.parametrize("change", [{"seed": 2}, {"epoch": 3}, {"stream": 1}])
def test_uniform_numbers_depend_on_every_argument(change):
    arguments = {"seed": 1, "epoch": 2, "indices": np.arange(5), "count": 4, "stream": 0}
    same = draws.uniform(**arguments)
    assert np.array_equal(same, draws.uniform(**arguments))
    assert not np.any(same == draws.uniform(**{**arguments, **change}))


def test_a_number_belongs_to_its_image_not_to_its_place():
    few = draws.uniform(1, 2, np.array([7, 3]), 4)
    many = draws.uniform(1, 2, np.arange(10), 6)
    assert np.array_equal(few, many[[7, 3], :4])


def test_an_epoch_visits_every_image_once():
    source = batches()
    rows = np.concatenate([source.batch(0, step)["image"] for step in range(source.steps)])
    seen = {row.tobytes() for row in np.concatenate([rows, rows[:, :, ::-1]])}
    assert source.steps == 5
    assert all(image.tobytes() in seen for image in PLAIN(IMAGES))


def test_the_same_place_gives_the_same_batch_in_any_order():
    forwards, backwards = batches(crop=6), batches(crop=6)
    places = [(0, 1), (1, 0), (2, 4), (0, 0)]
    first = {place: forwards.batch(*place)["image"] for place in places}
    for place in reversed(places):
        assert np.array_equal(first[place], backwards.batch(*place)["image"])


def test_crops_and_flips_move_image_and_map_together():
    rows, columns = np.mgrid[:10, :12]
    image = np.stack([rows, columns, rows], -1).astype(np.uint8)
    source = Batches(
        np.repeat(image[None], 16, 0),
        PLAIN,
        16,
        0,
        saliency=np.repeat((rows * 12 + columns)[None].astype(np.float32), 16, 0),
        crop=5,
    )
    batch = source.batch(0, 0)
    place = np.rint(batch["image"] * 255)
    assert np.array_equal(batch["saliency"][..., 0], place[..., 0] * 12 + place[..., 1])
    corners = {tuple(p) for p in place[:, 0, 0, :2].astype(int)}
    assert len(corners) > 8  # many places
    assert {np.sign(p[0, 1, 1] - p[0, 0, 1]) for p in place} == {-1, 1}  # both directions


def test_crops_reach_every_place_and_no_other():
    source = Batches(np.zeros((4000, 6, 6, 1), np.uint8), PLAIN, 4000, 0, crop=4, flip=False)
    source.images = np.repeat(np.arange(36, dtype=np.uint8).reshape(1, 6, 6, 1), 4000, 0)
    source.scaling = Scaling((0.0,), (1 / 255,))
    corners = source.batch(0, 0)["image"][:, 0, 0, 0]
    found, counts = np.unique(np.rint(corners).astype(int), return_counts=True)
    assert found.tolist() == [0, 1, 2, 6, 7, 8, 12, 13, 14]
    assert counts.min() > 4000 / 9 * 0.8


def test_run_goes_on_where_it_is_told_to():
    source = batches()
    whole = [batch["image"] for batch in source.run(0, 12)]
    rest = [batch["image"] for batch in batches().run(7, 12)]
    assert len(whole) == 12
    assert all(map(np.array_equal, whole[7:], rest))


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_the_shares_of_all_workers_are_the_batch_of_one(workers):
    options = {"crop": 6, "labels": np.arange(40), "noise_shape": (6, 6, 3)}
    whole = batches(**options).batch(2, 3)
    shares = [batches(**options, shard=(n, workers)).batch(2, 3) for n in range(workers)]
    for key, expected in whole.items():
        assert all(len(share[key]) == 8 // workers for share in shares)
        assert np.array_equal(np.concatenate([share[key] for share in shares]), expected)


def test_a_worker_reads_its_share_alone():
    class Counted:
        shape, read = IMAGES.shape, []

        def __len__(self):
            return len(IMAGES)

        def __getitem__(self, place):
            self.read.extend(np.ravel(place[0] if isinstance(place, tuple) else place))
            return IMAGES[place]

    source = batches(shard=(1, 4))
    source.images = Counted()
    source.images.dtype = IMAGES.dtype
    source.batch(0, 0)
    assert len(Counted.read) == 2


def test_an_error_in_the_thread_reaches_the_loop():
    source = batches()
    source.labels = np.arange(3)  # too few
    with pytest.raises(IndexError):
        list(source.run(0, 5))


def test_scaling_standardises_each_channel_and_inverts():
    scaling = Scaling.fit(IMAGES, chunk=7)
    scaled = scaling(IMAGES)
    assert scaled.dtype == np.float32
    assert np.allclose(scaled.mean((0, 1, 2)), 0, atol=1e-5)
    assert np.allclose(scaled.std((0, 1, 2)), 1, atol=1e-5)
    assert np.array_equal(scaling.invert(scaled), IMAGES)


def test_the_layers_of_an_exported_model_scale_alike():
    from saliency_zoo.layers.preprocess import preprocessing

    scaling = Scaling.fit(IMAGES)
    square = IMAGES[:, :, 1:11]
    layers = preprocessing(10, 6, scaling.mean, scaling.std)
    assert np.allclose(layers(square), scaling(centred(square, 6)), atol=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": 41},
        {"batch_size": 0},
        {"crop": 11},
        {"crop": 0},
        {"shard": (0, 3)},
        {"shard": (2, 2)},
        {"labels": np.arange(39)},
        {"saliency": np.zeros((40, 10, 10), np.float32)},
    ],
)
def test_what_cannot_be_is_refused(options):
    with pytest.raises(ZooError, match="Received"):
        batches(**options)


@pytest.mark.parametrize("step", [-1, 5])
def test_an_epoch_has_no_more_steps(step):
    with pytest.raises(ZooError, match=rf"steps 0 to 4\. Received: {step}"):
        batches().batch(0, step)
