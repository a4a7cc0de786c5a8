"""A call that must fail with one line that holds the given words."""

import pytest

from evenfield.numerics.errors import NumericsError


def refused(words, call, *args, **named):
    with pytest.raises(NumericsError, match=words) as caught:
        call(*args, **named)
    assert "\n" not in str(caught.value)
