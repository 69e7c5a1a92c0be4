"""A recipe: everything that says how one `name.tag` is trained."""

import re
from pathlib import PurePath
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny

from zoo.tasks.task import Settings
from zoo.training.recipe import _yaml

Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Range = Annotated[list[Annotated[float, Field(allow_inf_nan=False)]], Field(min_length=2, max_length=2)]


class Recipe(BaseModel):
    """Everything that decides how a training ends, but the machine.  Each description says what the key expects."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    model: str = Field(description="the name of a model (`zoo list`)")
    data: str = Field(
        description="the name of a data set (`zoo data list`), or the path of your own: a folder, a `.csv`, an `.npz`"
    )
    data_version: str | None = Field(
        None, description="what `zoo train` writes into a run: the content that data of your own had"
    )
    tag: str | None = Field(
        None, pattern="^[a-z0-9_]+$", description="letters a-z, digits, `_`; the name of `data` unless given"
    )
    init: str | None = Field(
        None, description="a `name.tag`, or the folder of a bundle or run: the weights that the training begins with"
    )
    freeze: list[str] = Field(
        [],
        description="a list of names of layers that are not trained, with shell wildcards; `body` is all but the head",
    )
    seed: int = Field(ge=0, lt=2**31, description="an integer from 0 to 2147483647")
    epochs: int = Field(ge=1, description="an integer from 1: how often all training examples are seen")
    batch_size: int = Field(ge=1, description="an integer from 1: examples a step")
    optimizer: Literal["sgd", "adam"] = Field(description="`sgd` (Nesterov, momentum 0.9) or `adam`")
    learning_rate: float = Field(gt=0, allow_inf_nan=False, description="a number above 0, the largest of the schedule")
    schedule: Literal["cosine"] = Field(description="`cosine`: from `learning_rate` to 0 over all epochs")
    warmup_epochs: int = Field(
        0, ge=0, description="an integer from 0: epochs in which the rate grows from 0, in a line"
    )
    weight_decay: float = Field(
        0.0,
        ge=0,
        lt=1,
        allow_inf_nan=False,
        description="a number from 0, below 1: a step takes learning rate x this x the weight off a kernel (decoupled)",
    )
    clip_norm: Positive | None = Field(None, description="a number above 0: largest global norm of a step's gradient")
    augment: list[str] = Field([], description="a list of names of augmentations")
    validation: Annotated[int, Field(ge=1)] | Annotated[list[int], Field(min_length=1)] | None = Field(
        None,
        description="how many examples at the end of train are held out, or the list of groups (records) that are; "
        "data of your own have a split of their own unless given",
    )
    monitor: str | None = Field(
        None,
        description="`loss` or the validation metric that chooses the best epoch; the metric of `reach` unless given",
    )
    patience: Annotated[int, Field(ge=1)] | None = Field(
        None, description="an integer from 1: stop after so many epochs without a better `monitor`"
    )
    checkpoint_minutes: Positive = Field(
        10.0, description="a number above 0: minutes between saved states within an epoch"
    )
    threads: Annotated[int, Field(ge=1)] | None = Field(
        None, description="an integer from 1: threads of the processor; all unless given"
    )
    ranges: dict[str, Range] = Field({}, description="input name: [lowest, highest] that is physically sensible")
    reach: dict[str, Finite] = Field(
        min_length=1, max_length=1, description="one metric of the test split and what it must reach"
    )
    settings: SerializeAsAny[Settings] = Field(Settings(), exclude=True, description="keys of the task alone")
    """In the file its keys stand among the others."""

    @property
    def full_name(self) -> str:
        """`name.tag`, which the weights will go by."""
        return f"{self.model}.{self.tag or _tag_of(self.data)}"

    @property
    def headline(self) -> str:
        """The metric that this training is judged by."""
        return next(iter(self.reach))

    @property
    def monitored(self) -> str:
        """What chooses the best epoch: `loss`, or a metric."""
        return self.monitor or self.headline

    @property
    def goal(self) -> float:
        """What the headline must reach."""
        return self.reach[self.headline]

    def values(self) -> dict[str, object]:
        """Every key of the file with its value, defaults and those of the task included."""
        return {**self.model_dump(), **self.settings.model_dump()}

    def to_yaml(self) -> str:
        """The resolved recipe: every key that has a value."""
        return _yaml.render({key: value for key, value in self.values().items() if value is not None})


def _tag_of(data: str) -> str:
    """The name of a data set; of a path the name of its folder or file, as a tag may be called."""
    if re.fullmatch("[a-z0-9_]+", data):
        return data
    path = PurePath(data)
    name = path.stem if path.suffix.lower() in (".csv", ".npz") else path.name
    return re.sub("[^a-z0-9]+", "_", name.lower()).strip("_")[:100] or "own"
