"""From a recipe to a trained and evaluated run.

`recipe.py` says what a recipe may hold and `validation.py` what it cannot have.  `trainer.py` is the way through:
`batches.py` feeds, `learner.py` steps, `loop.py` repeats, `state.py` and `resume.py` survive, `evaluation.py` reads the
test split, and `run.py` is what is left.
"""

from zoo.training.evaluation import evaluate_run
from zoo.training.recipe import Recipe, load_recipe
from zoo.training.run import Run, load_run
from zoo.training.trainer import train

__all__ = ["Recipe", "Run", "evaluate_run", "load_recipe", "load_run", "train"]
