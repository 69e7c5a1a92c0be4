"""What a recipe is about: the model in the size that fits the data, the task and the data set; asked for here alone."""

from dataclasses import dataclass, replace

from zoo.data import DataSet, get_data
from zoo.data.own import OwnDataSet
from zoo.errors import DataError
from zoo.families import inputs_said
from zoo.registry import Spec, get_spec
from zoo.tasks import Metric, Task, get_task
from zoo.training.recipe.recipe import Recipe


@dataclass(frozen=True)
class Subject:
    """A model, what it is trained for, and on what."""

    spec: Spec
    """The registry's entry, with the sizes that the data decide."""
    task: Task
    data: DataSet
    headline: str
    """The metric that the training is judged by."""

    @property
    def metric(self) -> Metric:
        """That metric's direction and words."""
        return self.task.metric(self.headline, self.data)


def subject_of(recipe: Recipe) -> Subject:
    """What a recipe is about.

    A family that has no argument for what the data decide, or an input of another rank, is left as it is:
    `check_model` says what is wrong.

    Files of a user's own are read at the size that the registry has for the model.

    Raises:
        UnknownNameError: there is no such model, data set or task.
        DataError: a user's own data are none, or no longer those that the recipe is held to.
    """
    spec, data = get_spec(recipe.model), get_data(recipe.data)
    if recipe.data_version not in (None, data.version):
        raise DataError(
            f"`{recipe.data}` is not what `{recipe.full_name}` was trained on: found content {data.version}, "
            f"expected {recipe.data_version}",
            "bring the files back as they were, or train anew",
        )
    task = get_task(spec.task)
    if isinstance(data, OwnDataSet):
        data = data.fitted(_shapes(spec), inputs_said(spec))
    return Subject(replace(spec, arguments={**spec.arguments, **_sizes(spec, task, data)}), task, data, recipe.headline)


def _shapes(spec: Spec) -> dict[str, tuple]:
    """By input the shape of one example, as the registry has it; empty where it has no facts."""
    inputs = spec.facts["inputs"] if spec.facts else {}
    return {name: tuple(facts["shape"]) for name, facts in inputs.items()}


def _sizes(spec: Spec, task: Task, data: DataSet) -> dict:
    sizes = task.sizes(data)
    if len(data.inputs) == 1:
        (only,) = data.inputs.values()
        sizes["input_shape"] = list(only["shape"])
    usual = spec.arguments
    fit = {name: size for name, size in sizes.items() if name in usual}
    if "input_shape" in fit and len(fit["input_shape"]) != len(usual["input_shape"]):
        del fit["input_shape"]
    return fit
