"""`python -m zoo` is the command `zoo`, where that is not on the path."""

from zoo.cli import main

main()
