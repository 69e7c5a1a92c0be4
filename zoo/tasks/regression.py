"""Values in a unit: lengths, temperatures, the next hours of a series.

An output, (batch, ...) float, and the target of its name, of the same shape.  Scored by the mean squared and the mean
absolute error in the data's own unit; of several outputs by the mean over all their numbers.
"""

from collections.abc import Mapping

import keras
import numpy as np

from zoo.bundle.metric import Metric
from zoo.data.dataset import DataSet, Examples, Target
from zoo.tasks.task import Arrays, Batch, Loss, Settings, Task

_POWERS = {"mse": 2, "mae": 1}


class Regression(Task):
    """See the module."""

    name = "regression"

    def metrics(self, data: DataSet) -> dict[str, Metric]:
        """`mse` and `mae`."""
        units = {target.unit for target in _values(data).values()}
        unit = units.pop() if len(units) == 1 else None
        return {
            "mae": Metric("lower", unit=unit, span=None),
            "mse": Metric("lower", unit=f"{unit}²" if unit else None, span=None),
        }

    def outputs(self, data: DataSet) -> dict[str, tuple[int, ...]]:
        return {name: target.shape or (1,) for name, target in _values(data).items()}

    def sizes(self, data: DataSet) -> dict[str, object]:
        shapes = list(self.outputs(data).values())
        return {"num_values": shapes[0][-1]} if len(shapes) == 1 else {}

    def loss(self, settings: Settings, train: Examples, data: DataSet) -> Loss:
        """The mean squared error, each output's over the variance of its target in training.

        So outputs of unlike units count alike, and a learning rate does not hang on the unit.
        """
        names = list(_values(data))
        scales = {name: float(np.var(train.targets[name][:], dtype=np.float64)) or 1.0 for name in names}

        def loss(outputs: Mapping, batch: Batch):
            ops = keras.ops
            errors = [
                ops.mean(ops.square(outputs[name] - ops.reshape(batch.targets[name], ops.shape(outputs[name]))))
                / scales[name]
                for name in names
            ]
            return sum(errors) / len(errors)

        return loss

    def answers(self, outputs: Arrays, targets: Arrays, data: DataSet) -> Arrays:
        """The values themselves, (batch, ...) float32."""
        return {name: np.asarray(outputs[name], np.float32) for name in _values(data)}

    def units(self, metric: str, answers: Arrays, examples: Examples, data: DataSet) -> np.ndarray:
        """(examples, 2) float64: the sum of an example's errors to the metric's power, and how many they are."""
        powers = [
            np.abs(values.reshape(len(values), -1) - _flat(examples.targets[name])) ** float(_POWERS[metric])
            for name, values in answers.items()
        ]
        errors = np.concatenate(powers, axis=1)
        return np.stack([errors.sum(1), np.full(len(errors), errors.shape[1], np.float64)], axis=1)

    def of_sums(self, metric: str, sums: np.ndarray, data: DataSet) -> np.ndarray:
        return sums[..., 0] / sums[..., 1]

    def baselines(self, data: DataSet, train: Examples, test: Examples) -> dict[str, dict[str, float]]:
        """`mean` always answers the mean of `train`, each number its own."""
        means = {name: np.mean(train.targets[name][:], axis=0, dtype=np.float64) for name in _values(data)}
        answers = {name: np.broadcast_to(mean, test.targets[name].shape) for name, mean in means.items()}
        return {"mean": self.score(answers, test, data)}

    def meaning(self, data: DataSet) -> dict[str, dict]:
        return {name: _meaning(target) for name, target in _values(data).items()}


def _values(data: DataSet) -> dict[str, Target]:
    return {name: target for name, target in data.targets.items() if target.kind == "value"}


def _meaning(target: Target) -> dict:
    return {
        "kind": "values",
        **({"unit": target.unit} if target.unit else {}),
        **({"names": list(target.names)} if target.names else {}),
    }


def _flat(column) -> np.ndarray:
    array = np.asarray(column[:], np.float64)
    return array.reshape(len(array), -1)


TASK = Regression()
