"""What all tests share: the same property-test examples in every run, and the catalogue as it was.

`--hypothesis-profile=explore` draws new examples.
"""

import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

import bounds  # noqa: F401

settings.register_profile("explore")
settings.register_profile("fixed", derandomize=True, database=None)
settings.load_profile("fixed")


@pytest.fixture(autouse=True)
def _catalogue_as_it_was() -> Iterator[None]:
    """Forget the theorems that a test added."""
    loaded = sys.modules["bounds.catalog"]._loaded
    before = dict(loaded)
    yield
    loaded.clear()
    loaded.update(before)
