"""A call that must fail with one line that holds the given words."""

from collections.abc import Callable
from typing import Any

import pytest

from evenfield.numerics.errors import NumericsError


def refused(
    words: str | None, call: Callable[..., Any], *args: Any, **named: Any
) -> None:
    with pytest.raises(NumericsError, match=words) as caught:
        call(*args, **named)
    assert "\n" not in str(caught.value)
