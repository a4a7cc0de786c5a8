"""What an opened study refuses."""

from evenfield.study.errors import ReportError


class OpenError(ReportError, at="study"):
    """A folder that cannot be opened as a study, results that no run wrote so, or a name
    that the study does not have.
    """


class NoEstimateError(OpenError):
    """A number or answer that no row of the estimates stands behind."""
