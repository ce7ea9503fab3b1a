"""Pre-training: stage after stage or all at once, then jointly and in further rounds if asked."""

import dataclasses
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import keras
import numpy as np

from saliency_zoo import cards
from saliency_zoo.data.pipeline import Batches
from saliency_zoo.files import replacing
from saliency_zoo.learners.learner import Learner
from saliency_zoo.learners.stack import Joint, Stack, parts_of
from saliency_zoo.presets import ENCODER, HISTORY, JOINT, decoder, decoders
from saliency_zoo.recipe import Evaluate, Recipe
from saliency_zoo.training import beginning, logs
from saliency_zoo.training.augmentations import augmentations, crops
from saliency_zoo.training.refinement import decoded_maps
from saliency_zoo.training.run import Run, save_weights


def pretrain(run: Run) -> keras.Model:
    """Trains the recipe's learner and leaves the encoder's weights in the run's folder.

    Each round begins with the same weights. The targets of the first are the detector's
    maps; those of any other are what the round before it decodes.

    Returns:
        The encoder.
    """
    if (run.folder / ENCODER).exists():  # it is written last
        encoder = run.build(run.recipe.train.seed)
        encoder.load_weights(run.folder / ENCODER)
        return encoder
    maps = None
    for number in range(1, run.recipe.train.rounds + 1):
        phase = "pretrain" if number == 1 else f"round{number}"
        encoder, whole = start(run)
        trained = _train(run, whole, phase, maps)
        if number < run.recipe.train.rounds:
            maps = decoded_maps(run, trained, run.checkpoint(phase).with_suffix(".npy"))
    save_weights(encoder, run.folder / ENCODER)
    return encoder


def start(run: Run) -> tuple[keras.Model, Learner]:
    """The encoder that pre-training begins with, fresh or a preset's, and its learner.

    Args:
        run: the run.
    """
    encoder = run.build(run.recipe.train.seed)
    whole = run.learner(encoder)
    beginning.give_weights(run.recipe, run.network_spec(), encoder, whole)
    return encoder, whole


def take_over(run: Run, other: Path) -> None:
    """Begins with the pre-training of a finished run, if that saw the same images.

    Args:
        run: a run whose recipe pre-trains the same.
        other: the folder of the other one.
    """
    card = cards.read_card(other)
    images = {card[kind]["name"]: card[kind]["checksum"] for kind in ("data", "unlabelled")}
    there = (images, card.get("begun_with", {}), card.get("drawn_by", {}))
    alike = there == (run.inputs.checksums, run.begun_with, run.drawn_by)
    if (run.folder / ENCODER).exists() or not alike:
        return
    listed = decoders(card)
    for name in [HISTORY, *listed, ENCODER]:
        cards.checked(other, name)
    # In place of what this run may have begun with before it was killed.
    spent = {phase: 0.0 for phase in run.seconds if _pretrains(phase)}
    run.took(spent | {"pretrain": card.get("seconds", {}).get("pretraining", 0.0)})
    copy_pretraining(run, other, listed)


def copy_pretraining(run: Run, other: Path, kept: Iterable[str]) -> None:
    """Copies what the pre-training of another run has left, so that `pretrain` finds it done.

    Args:
        run: a run whose pre-training is the same, on the same images.
        other: the folder of the other one.
        kept: its decoders, as paths in that folder.
    """
    history = logs.read(other / HISTORY)
    logs.write(run.folder / HISTORY, [row for row in history if _pretrains(row["phase"])])
    for name in [*kept, ENCODER]:
        with replacing(run.folder / name) as temporary:
            shutil.copyfile(other / name, temporary)


def same(one: Recipe, other: Recipe) -> bool:
    """Whether two recipes pre-train the same encoder."""
    blank = {"description": "", "finetune": None, "evaluate": Evaluate(), "search": None}
    return dataclasses.replace(one, **blank) == dataclasses.replace(other, **blank)


def seconds(run: Run) -> float:
    """How long the pre-training of a run took."""
    return sum(s for phase, s in run.seconds.items() if _pretrains(phase))


def _pretrains(phase: str) -> bool:
    return not phase.startswith("finetune")


def _train(run: Run, whole: Learner, phase: str, maps: np.ndarray | None) -> Learner:
    """One round. The decoders are kept with the stages that they were trained with."""
    settings = run.recipe.train
    for name, trained in _steps(whole, settings.order):
        run.train(trained, batches(run, trained, maps), settings, f"{phase}-{name}")
    joint = None
    if settings.joint_epochs:
        side = run.recipe.data.crop or run.recipe.data.size
        with run.scope():
            joint = Joint(whole, (side, side, 1))
    if joint is None or joint.decodes_saliency:
        _keep_decoders(run, whole)
    if joint is not None:
        longer = dataclasses.replace(settings, epochs=settings.joint_epochs)
        run.train(joint, batches(run, joint, maps), longer, f"{phase}-joint")
        if joint.decodes_saliency:
            save_weights(joint, run.folder / JOINT)
        else:
            _keep_decoders(run, whole)
    return joint or whole


def _steps(whole: Learner, order: str) -> Iterator[tuple[str, Learner]]:
    """What is trained one after the other, by name.

    In greedy training it makes no difference whether the auxiliary stages learn before the main
    ones or beside them: a stage's targets are finished before it begins, and no gradient passes.
    """
    if order == "greedy" or not isinstance(whole, Stack):
        yield from parts_of(whole).items()
        return
    if order == "auxiliary_first":
        for stage, part in parts_of(whole).items():
            if part.auxiliary is not None:
                part.attend(auxiliary=True)
                yield f"auxiliary-{stage}", part
            part.attend(auxiliary=False)
    yield "together", whole


def leaves_decoders(run: Run) -> bool:
    """Whether pre-training leaves decoders; random ones beside a preset's encoder it does not.

    Args:
        run: the run.
    """
    train = run.recipe.train
    trained = train.epochs or train.joint_epochs or not train.begin_with
    return bool(trained) or beginning.has_decoders(run.recipe, run.network_spec())


def _keep_decoders(run: Run, whole: Learner) -> None:
    if leaves_decoders(run):
        for stage, part in parts_of(whole).items():
            save_weights(part, run.folder / decoder(stage))


def batches(run: Run, trained: Learner, maps: np.ndarray | None = None) -> Batches:
    """The unlabelled images, with what the learner asks for beside them.

    Args:
        run: the run.
        trained: the learner.
        maps: targets in place of the detector's maps.
    """
    train, inputs = run.recipe.train, run.inputs
    wanted = train.augment or "saliency" in trained.uses
    if wanted and maps is None:
        maps = inputs.maps
    return Batches(
        inputs.pretraining,
        inputs.scaling,
        train.batch_size,
        train.seed,
        saliency=maps if wanted else None,
        crop=None if crops(run.recipe) else run.recipe.data.crop,
        flip=train.flip,
        noise_shape=trained.noise_shape,
        augment=augmentations(run.recipe),
        views=trained.views,
    )
