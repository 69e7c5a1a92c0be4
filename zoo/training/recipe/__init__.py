"""Recipes: what one says, how it is read, and what it cannot ask for."""

from zoo.training.recipe.reading import load_recipe, parse_overrides
from zoo.training.recipe.recipe import Recipe

__all__ = ["Recipe", "load_recipe", "parse_overrides"]
