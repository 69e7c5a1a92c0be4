"""Recipes: what one says, how it is read, and what it cannot ask for."""

from zoo.training.recipe.recipe import Recipe, load_recipe, parse_overrides

__all__ = ["Recipe", "load_recipe", "parse_overrides"]
