"""Entries that are like others inherit what they do not say, and nothing else."""

import pytest

from evenfield.study import merging
from evenfield.study.errors import ClaimsError, EvenfieldError, NumbersError
from evenfield.study.merging import MOST_VALUES, whole_claims, whole_numbers
from refusals import fails
from yaml_text import from_yaml

# What is written and, of each entry, what it is when it is whole.
WHOLE = from_yaml("""
    numbers:
      written:
        defaults: {show: '0.00'}
        second: {like: first, where: {unit: B}}
        third: {like: second, show: '0.0'}
        first: &first
          {file: panel/31/doses.csv, where: {unit: A, year: 2019}, show: '0'}
      whole:
        defaults: {show: '0.00'}
        second:
          {file: panel/31/doses.csv, where: {unit: B, year: 2019}, show: '0'}
        third:
          {file: panel/31/doses.csv, where: {unit: B, year: 2019}, show: '0.0'}
        first: *first
    hypotheses:
      written:
        H1: &H1 {checks: {a: {x: '1'}, b: {x: '2'}}, shows: [1, 2]}
        H2: {like: H1, checks: {a: null}, shows: [3]}
      whole:
        H1: *H1
        H2: {checks: {b: {x: '2'}}, shows: [3]}
    claims:
      written:
        - &L1 {id: L1, kind: fact, claim: One.}
        - {id: L2, like: L1, claim: Two.}
      whole: [*L1, {id: L2, kind: fact, claim: Two.}]
    """)


def test_an_entry_inherits_key_by_key_in_any_order_of_the_file():
    written, wanted = WHOLE["numbers"].values()
    whole = whole_numbers(written)
    assert whole == wanted and list(whole) == list(written)


def test_null_leaves_out_what_would_be_inherited_and_lists_are_taken_whole():
    written, whole = WHOLE["hypotheses"].values()
    assert whole_claims({"hypotheses": written}) == {"hypotheses": whole}


def test_a_claim_inherits_all_but_its_id():
    written, whole = WHOLE["claims"].values()
    assert whole_claims({"claims": written}) == {"claims": whole}


@pytest.mark.parametrize(
    ("entries", "message"),
    from_yaml(r"""
    - [{x: {like: y}}, "x: like 'y' is not known"]
    - [{x: {like: defaults}, defaults: {}}, "x: like 'defaults' is not known"]
    - [{x: {like: y}, y: 5}, "x: like 'y' is not known"]
    - [{x: {like: [y]}, y: {}}, 'x: like .* is not known']
    - [{x: {like: x}}, 'x is like itself \(x - x\)']
    - [{a: {like: x}, x: {like: y}, y: {like: x}}, 'x is like itself \(x - y - x\)']
    """),
)
def test_an_entry_that_is_like_none_or_itself_is_one_line(entries, message):
    fails(NumbersError, f"numbers.yaml: {message}", whole_numbers, entries)


def test_a_hypothesis_is_like_a_hypothesis_and_a_claim_like_a_claim():
    written = {
        "hypotheses": {"H1": {"like": "L1"}},
        "claims": [{"id": "L1", "like": "H1"}],
    }
    with pytest.raises(EvenfieldError) as error:
        whole_claims(written)
    assert sorted(map(str, error.value.faults))[0].startswith(
        "claims.yaml: claim L1: like 'H1' is not known"
    )
    assert len(error.value.faults) == 2
    assert all(isinstance(fault, ClaimsError) for fault in error.value.faults)


def test_a_long_chain_is_read_and_one_that_grows_is_refused():
    chain = {f"x{i}": {"like": f"x{i + 1}"} for i in range(5000)}
    whole = whole_numbers({**chain, "x5000": {"show": "0"}})
    assert whole["x0"] == {"show": "0"}
    wide = {"base": dict.fromkeys(map(str, range(1000)), 1)}
    many = {f"x{i}": {"like": "base"} for i in range(MOST_VALUES // 1000 + 1)}
    fails(NumbersError, "too many values", whole_numbers, {**wide, **many})


@pytest.mark.parametrize(
    ("most", "more", "is_read"),
    [(9, {}, True), (8, {}, False), (9, {"show": "0"}, False)],
)
def test_values_are_counted_with_the_mappings_that_hold_them(
    monkeypatch, most, more, is_read
):
    # An entry, its mapping and a text are three values: of the first one, and of the
    # second one with the one that it is like.
    monkeypatch.setattr(merging, "MOST_VALUES", most)
    entries = {"a": {"where": {"unit": "A"}}, "b": {"like": "a", **more}}
    if is_read:
        assert whole_numbers(entries)["b"] == {"where": {"unit": "A"}}
    else:
        fails(NumbersError, "too many values", whole_numbers, entries)
