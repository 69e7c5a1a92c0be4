"""What of a model's size the data decide: its number of classes, and the shape of its one input."""

from dataclasses import replace

from zoo.data import DataSet, get_data
from zoo.registry import Spec, get_spec
from zoo.training.recipe.recipe import Recipe


def fitted_spec(recipe: Recipe) -> Spec:
    """The registry's entry of a recipe's model, with the `num_classes` and `input_shape` of its data set.

    A family that has no such argument, or an input of another rank, is left as it is: `check_model` says what is wrong.
    """
    spec = get_spec(recipe.model)
    return replace(spec, arguments={**spec.arguments, **_sizes(spec, get_data(recipe.data))})


def _sizes(spec: Spec, data: DataSet) -> dict:
    sizes: dict[str, object] = {"num_classes": len(data.labels)}
    if len(data.inputs) == 1:
        (only,) = data.inputs.values()
        sizes["input_shape"] = list(only["shape"])
    usual = spec.arguments
    fit = {name: size for name, size in sizes.items() if name in usual}
    if "input_shape" in fit and len(fit["input_shape"]) != len(usual["input_shape"]):
        del fit["input_shape"]
    return fit
