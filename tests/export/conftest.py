"""Puts this folder on the path: tests of the folders below it import the models that stand here."""
