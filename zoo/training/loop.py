"""The loop: steps, epochs, validation, the best epoch, saved states, and the reasons to stop."""

import dataclasses
import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from zoo._keras import save_weights
from zoo._system.progress import ignore
from zoo.data import Examples
from zoo.data.columns import Rows
from zoo.errors import RecipeError
from zoo.tasks import Batch, Metric
from zoo.training import state
from zoo.training.answering import Answering, joined, outputs_of
from zoo.training.fine_tuning.features import Feed, kept_features
from zoo.training.fine_tuning.front import Behind
from zoo.training.input_pipeline.augmentation import Draw
from zoo.training.input_pipeline.batches import batches, steps_per_epoch
from zoo.training.learner import Learner, Step
from zoo.training.logs import Logs
from zoo.training.recipe import Recipe
from zoo.training.recipe.subject import Subject
from zoo.training.signals import StopRequest

log = logging.getLogger(__name__)


@dataclass
class Progress:
    """How far a training is; goes into its state as JSON."""

    position: int = 0
    """Steps taken."""
    lines: list[dict[str, float]] = field(default_factory=list)
    """What the logs say, a line an epoch."""
    best_epoch: int = 0
    best_value: float | None = None
    losses: float = 0.0
    """Sum over the steps of the epoch under way, like those below."""
    norms: float = 0.0
    largest_norm: float = 0.0
    seconds: float = 0.0


@dataclass
class Training:
    """One training under way.  Everything that changes is in `learner`, `progress` and `best_weights`."""

    recipe: Recipe
    learner: Learner
    answering: Answering
    subject: Subject
    train: Examples
    validation: Examples
    augment: Callable[[dict, Draw], dict]
    report: Callable[[str, int, int], None] = ignore
    folder: Path = Path()
    """Of the run; see `open`."""
    progress: Progress = field(default_factory=Progress)
    best_weights: list[np.ndarray] = field(default_factory=list)

    @property
    def steps(self) -> int:
        """Steps in an epoch."""
        return steps_per_epoch(len(self.train), self.recipe.batch_size)

    @property
    def end(self) -> int:
        """Steps in the whole training, unless it is stopped early."""
        return self.steps * self.recipe.epochs

    @property
    def ended(self) -> bool:
        """All epochs are done, or the last `patience` brought nothing."""
        done, patience = len(self.progress.lines), self.recipe.patience
        return done == self.recipe.epochs or (patience is not None and done - self.progress.best_epoch >= patience)

    def open(self, folder: Path) -> bool:
        """Works in the folder of a run from now on, and takes up its newest whole state; False if there is none."""
        self.folder = folder
        if (loaded := state.load(folder / "state")) is None:
            return False
        arrays, facts = loaded
        self.progress = Progress(**facts)
        self.best_weights = [arrays[name] for name in _best_names(sum(name.startswith("best.") for name in arrays))]
        if self.best_weights:  # what is on disk may be of a later epoch than this state
            self._use_best_weights()
            save_weights(self.learner.model, folder / "best.weights.h5")
        self.learner.restore(arrays)
        return True

    def fit(self, request: StopRequest) -> None:
        """Trains from where `progress` stands to the end; the model then has the weights of its best epoch.

        Raises:
            StoppedError: a signal asked for it; the state is saved.
            RecipeError: the loss is no longer a number.
        """
        self._logs = Logs(self.folder, self.progress.lines)
        if not self.ended:
            with self._fed(request) as self._feed:
                self._run_steps(request)
        self._use_best_weights()
        save_weights(self.learner.model, self.folder / "model.weights.h5")

    @contextmanager
    def _fed(self, request: StopRequest) -> Iterator[Feed]:
        """What steps and validation run on: the examples, or what a frozen front made of them."""
        validation = self.subject.task.prepare(self.validation, self.subject.data)
        if not isinstance(self.learner.forward, Behind):
            yield Feed(self.learner.model, self.train, validation, self.answering.run, validation.inputs)
            return

        def report(stage: str, done: int, total: int) -> None:
            request.heed("the training while its frozen front was run")
            self.report(stage, done, total)

        with kept_features(self.learner.forward, self.train, validation, self.folder, report) as feed:
            yield feed

    def _run_steps(self, request: StopRequest) -> None:
        recipe, progress = self.recipe, self.progress
        self._clock = saved = time.monotonic()
        drawn = batches(
            self._feed.train,
            self._feed.model,
            self.augment,
            seed=recipe.seed,
            batch_size=recipe.batch_size,
            position=progress.position,
            end=self.end,
        )
        for batch in drawn:
            self._take_step(Batch(*batch))
            epoch_is_over = progress.position % self.steps == 0
            if epoch_is_over:
                self._end_epoch()
            due = time.monotonic() - saved > 60 * recipe.checkpoint_minutes
            if epoch_is_over or due or request.number:
                self.save()
                saved = time.monotonic()
            if epoch_is_over:
                self._logs.add(progress.lines[-1])
                log.info(self._told())
            if self.ended:
                return
            request.heed(f"the training after {self._where()}; its state is in `{self.folder}`")

    def _take_step(self, batch: Batch) -> None:
        progress = self.progress
        step = self.learner.step(batch)
        progress.position += 1
        if not step.sound:
            raise self._broken(f"loss {step.loss}", step)
        progress.losses += step.loss
        progress.norms += step.gradient_norm
        progress.largest_norm = max(progress.largest_norm, step.gradient_norm)
        self._last_step = step
        self.report("training", progress.position, self.end)

    def _broken(self, what: str, step: Step) -> RecipeError:
        return RecipeError(
            f"the training broke down at {self._where()}: {what}, "
            f"global norm of the gradient {step.gradient_norm:.3g}, learning rate {step.learning_rate:.3g}",
            "try a smaller `learning_rate`, more `warmup_epochs`, or a `clip_norm`",
        )

    def _told(self) -> str:
        """The last epoch in a line."""
        line, metric = self.progress.lines[-1], self.recipe.headline
        score = self.subject.metric.text(line[f"validation_{metric}"])
        return (
            f"epoch {line['epoch']} of {self.recipe.epochs}: loss {line['loss']:.4f}, "
            f"validation loss {line['validation_loss']:.4f}, {metric} {score}"
        )

    def _where(self) -> str:
        step = self.progress.position
        return f"step {step} (epoch {math.ceil(step / self.steps)} of {self.recipe.epochs})"

    def _end_epoch(self) -> None:
        """Validates, notes whether this is the best epoch, and adds a line."""
        progress = self.progress
        metrics = self._validate()
        epoch = progress.position // self.steps
        monitored = metrics[self.recipe.monitored]
        if progress.best_value is None or self._monitored.is_better(monitored, progress.best_value):
            progress.best_epoch, progress.best_value = epoch, monitored
            self.best_weights = self.learner.model_arrays()
            save_weights(self.learner.model, self.folder / "best.weights.h5")
        progress.lines.append(
            {
                "epoch": epoch,
                "learning_rate": self._last_step.learning_rate,
                "loss": progress.losses / self.steps,
                "gradient_norm": progress.norms / self.steps,
                "largest_gradient_norm": progress.largest_norm,
                **{f"validation_{name}": value for name, value in metrics.items()},
                "seconds": self._elapsed(),
            }
        )
        progress.losses = progress.norms = progress.largest_norm = progress.seconds = 0.0

    def _validate(self) -> dict[str, float]:
        """The loss and every metric of the validation examples, which are gone through some at a time."""
        task, data, held, prepared = self.subject.task, self.subject.data, self.validation, self._feed.validation
        loss_of, losses, kept = task.validation_loss(self.train, data), [], []
        for block, outputs in outputs_of(self._feed.run, self._feed.inputs, "validating", self.report):
            inputs = Rows(prepared.inputs, block)  # which losses hardly look at
            targets = {name: column[block] for name, column in prepared.targets.items()}
            losses.append(float(loss_of(outputs, Batch(inputs, targets))) * (block.stop - block.start))
            if not self.answering.by_loop:
                kept.append(task.answers({name: array.numpy() for name, array in outputs.items()}, targets, data))
        loss = math.fsum(losses) / len(prepared)
        if not math.isfinite(loss):
            raise self._broken(f"loss {loss} in validation", self._last_step)
        answers = joined(kept) if kept else self.answering.answers(held, "validating", self.report)
        return {"loss": loss, **task.score(answers, held, data)}

    @property
    def _monitored(self) -> Metric:
        """What chooses the best epoch."""
        return self.subject.task.metric(self.recipe.monitored, self.subject.data)

    def _elapsed(self) -> float:
        """Seconds of the epoch under way, over all processes that worked at it."""
        now = time.monotonic()
        self.progress.seconds += now - self._clock
        self._clock = now
        return round(self.progress.seconds, 3)

    def save(self) -> None:
        """Writes the state."""
        self._elapsed()
        best = dict(zip(_best_names(len(self.best_weights)), self.best_weights, strict=True))
        facts = dataclasses.asdict(self.progress)
        state.save(self.folder / "state", self.progress.position, {**self.learner.arrays(), **best}, facts, self.report)

    def _use_best_weights(self) -> None:
        for variable, array in zip(self.learner.model.variables, self.best_weights, strict=True):
            variable.assign(array)


def _best_names(count: int) -> list[str]:
    """How the arrays of `best_weights` are called in a state."""
    return [f"best.{index}" for index in range(count)]
