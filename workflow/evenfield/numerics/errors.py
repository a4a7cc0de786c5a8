"""The error of the numerics room."""


class NumericsError(ValueError):
    """Arrays that a formula cannot take; the estimates floor says which specification
    they belong to.
    """
