"""The ways through a lowering: `floating` and `integer`, each from a `Job` to a file."""
