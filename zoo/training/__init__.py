"""From a recipe to a trained and evaluated run.

`recipe/` says what a recipe may hold (`recipe.py`) and which combinations it may not (`validation.py`).  `trainer.py`
tells the whole story: `input_pipeline/batches.py` feeds, `learner.py` steps, `loop.py` repeats, `state.py` and
`resume.py` save and resume, `evaluation.py` reads the test split, and `run.py` reads what a training has written.
"""

from zoo.training.evaluation import evaluate_run
from zoo.training.recipe import Recipe, load_recipe
from zoo.training.run import Run, load_run
from zoo.training.trainer import train

__all__ = ["Recipe", "Run", "evaluate_run", "load_recipe", "load_run", "train"]
