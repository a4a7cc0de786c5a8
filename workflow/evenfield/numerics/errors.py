"""The error of the numerics room."""


class NumericsError(ValueError):
    """Arrays that a formula cannot take; the estimates floor says which specification
    they belong to.
    """


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: ``1 unit``, ``3 units``."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"
