"""What a training says of itself while it goes on: a line an epoch, on stderr."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def talk() -> Iterator[None]:
    """Shows what `zoo` logs, unless the program has set up logging, or asked for less:

    logging.getLogger("zoo").setLevel(logging.WARNING)
    """
    logger = logging.getLogger("zoo")
    if logger.level != logging.NOTSET or logger.isEnabledFor(logging.INFO):
        yield
        return
    handler, propagated = logging.StreamHandler(), logger.propagate
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    logger.propagate = False  # a library that sets up the root logger would show every line twice
    try:
        yield
    finally:
        logger.setLevel(logging.NOTSET)
        logger.removeHandler(handler)
        logger.propagate = propagated
