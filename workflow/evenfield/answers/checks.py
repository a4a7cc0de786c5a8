"""Checks that could never fail: rows that hold the numbers of the row that they check.

Two definitions can name the same units in the years of a row. The check then repeats the main
row under another name and must not count as one.
"""

from collections.abc import Iterator, Sequence

import pandas as pd

from evenfield.answers.spec import Claims, place_of
from evenfield.shared.tables.numbers import is_missing
from evenfield.shared.tables.rows import Row, Selector
from evenfield.study.errors import ClaimsError
from evenfield.study.rounding import round_significant

KINDS = ("primary", "check")
COMPARED = ("estimate", "std_error", "p_value")
DIGITS = 6


def equal_checks(estimates: pd.DataFrame, claims: Claims) -> Iterator[ClaimsError]:
    """Yield every check whose row has the numbers of the row that decides, or of a check
    before it; selections that do not name one row are passed over.
    """
    selector = Selector(estimates)
    columns = {name: estimates[name].tolist() for name in COMPARED}
    for where, entry in claims.entries():
        earlier = list[tuple[str, Row]]()
        for key, select in entry.selections().items():
            if key[0] not in KINDS:
                continue
            rows = selector.row_numbers(select)
            if len(rows) != 1:
                continue
            check = place_of(where, key)
            numbers = {name: values[rows[0]] for name, values in columns.items()}
            for other, row in earlier:
                if same_numbers(row, numbers):
                    yield _repeated(check, numbers, other)
                    break
            earlier.append((check, numbers))


def _repeated(check: str, row: Row, other: str) -> ClaimsError:
    return ClaimsError(
        f"{check} has the numbers of {other} ({row['estimate']:g}): it cannot fail alone",
        "a row that could differ",
        "remove it or select another row",
    )


def same_estimate(one: Row, two: Row) -> bool:
    """Say whether two rows have the same estimate to six digits."""
    return same_numbers(one, two, COMPARED[:1])


def same_numbers(one: Row, two: Row, compared: Sequence[str] = COMPARED) -> bool:
    """Say whether two rows have the same estimate, standard error and p-value to six
    digits, or the same of what is compared.
    """
    for name in compared:
        if is_missing(one[name]) != is_missing(two[name]):
            return False
        if is_missing(one[name]):
            continue
        first, second = (round_significant(row[name], DIGITS) for row in (one, two))
        if first != second:
            return False
    return not is_missing(one["estimate"])
