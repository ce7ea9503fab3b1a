"""Pre-training: greedily, one stage after the other, and then all of them together if asked."""

import dataclasses

import keras

from saliency_zoo.data.pipeline import Batches
from saliency_zoo.learners.learner import Learner
from saliency_zoo.learners.stack import Joint, learner, parts_of
from saliency_zoo.presets import DECODERS, ENCODER
from saliency_zoo.training import strategy as strategies
from saliency_zoo.training.augmentations import augmentations, crops
from saliency_zoo.training.run import Run, save_weights


def pretrain(run: Run) -> keras.Model:
    """Trains the recipe's learner and leaves the encoder's weights in the run's folder.

    The decoders are kept with the greedy stages that they were trained with.

    Returns:
        The encoder.
    """
    encoder = run.build(run.recipe.train.seed)
    part = run.recipe.learner
    with strategies.scope(run.strategy):
        whole = learner({"name": part.name, **part.options}, encoder)
    for stage, trained in parts_of(whole).items():
        run.train(trained, batches(run, trained), run.recipe.train, f"pretrain-{stage}")
    for stage, trained in parts_of(whole).items():
        save_weights(trained, run.folder / DECODERS / f"{stage}.weights.h5")
    if run.recipe.train.joint_epochs:
        _train_jointly(run, whole)
    save_weights(encoder, run.folder / ENCODER)
    return encoder


def _train_jointly(run: Run, stack: Learner) -> None:
    settings = dataclasses.replace(run.recipe.train, epochs=run.recipe.train.joint_epochs)
    side = run.recipe.data.crop or run.recipe.data.size
    with strategies.scope(run.strategy):
        joint = Joint(stack, (side, side, 1))
    run.train(joint, batches(run, joint), settings, "pretrain-joint")


def batches(run: Run, trained: Learner) -> Batches:
    """The unlabelled images, with what the learner asks for beside them."""
    train, inputs = run.recipe.train, run.inputs
    return Batches(
        inputs.pretraining,
        inputs.scaling,
        train.batch_size,
        train.seed,
        saliency=inputs.maps if train.augment or "saliency" in trained.uses else None,
        crop=None if crops(run.recipe) else run.recipe.data.crop,
        flip=train.flip,
        noise_shape=trained.noise_shape,
        augment=augmentations(run.recipe),
    )
