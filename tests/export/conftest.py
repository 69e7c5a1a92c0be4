"""What the tests of export share: one converter process, since it takes seconds to start."""

import pytest

from zoo.export import one_converter


@pytest.fixture(scope="session")
def converter():
    with one_converter() as converter:
        yield converter
