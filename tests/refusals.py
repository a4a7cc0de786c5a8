"""Calls that must fail. Import: ``from refusals import fails``."""

import pytest


def fails(kind, words, call, *args, **options):
    """Assert that a call raises an error of this kind that says these words."""
    with pytest.raises(kind, match=words):
        call(*args, **options)
