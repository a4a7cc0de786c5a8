"""Sentences on the map, the speeds by period and the neighbours: what they quote, what they leave out."""

from evenfield.report.sentences.base import Facts
from evenfield.report.sentences.checks import neighbour_sentences
from evenfield.report.sentences.convergence import rolling_sentences
from evenfield.report.sentences.map import map_sentences
from evenfield.report.words import forbidden_words

BASE = dict.fromkeys(("period", "contrast", "warning", "p_type", "w_id", "outcome", "term", "treatment_def", "mde",
                      "conf_low", "conf_high", "conf_level", "output_basis", "estimate", "p_value"), "")  # fmt: skip


def row(**fields):
    return {**BASE, "sample_id": "all", "unit_scheme": "all", "n_units": "8", **fields}


def facts(*rows):
    periods = {"P1": {"start": 1980, "end": 1990, "label": "1980-90", "role": "main"}}
    config = {"study": {"unit_name": "region", "units_name": "regions"}, "periods": periods,
              "panel": {"unit_scheme": "all"}, "taxonomy": {"primary": "t"}, "estimates": {}}  # fmt: skip
    return Facts(config=config, estimates=rows)


def said(sentences):
    plain = [sentence.plain for sentence in sentences]
    assert not [word for text in plain for word in forbidden_words(text)]
    return plain


def test_where_the_list_lies():
    lists = {"family": "gradient", "outcome": "cluster", "treatment_def": "t"}
    found = said(map_sentences(facts(
        row(**lists, estimator="fisher_exact", estimate="0.5", p_value="0.001",
            warning="3 of 4 units of the East, 0 of the others"),
        row(**lists, estimator="latitude_permutation", estimate="-1.5", p_value="0.4", mde="6", p_type="exact"),
        row(**lists, estimator="moran", estimate="0.3", p_value="0.02", w_id="contiguity"),
    )))  # fmt: skip
    assert "more often in the East: 3 of 4 regions of the East" in found[0]
    assert "1.5 degrees further North" in found[1]
    assert "less than the 6.0 degrees" in found[1]
    assert "more alike than chance" in found[2]
    assert map_sentences(facts()) == []


def test_whether_speeds_differ_between_periods():
    same = {"family": "rolling", "estimator": "period_contrast_wald", "period": "P1+P2"}
    assert "is not seen to differ" in said(rolling_sentences(facts(row(**same, p_value="0.1"))))[0]
    assert "differs between the periods" in said(rolling_sentences(facts(row(**same, p_value="0.01"))))[0]
    assert rolling_sentences(facts()) == []


def test_growth_against_the_neighbours_names_the_mark():
    pair = {"family": "moran", "estimator": "bivariate_moran", "treatment_def": "t", "period": "P1"}
    found = neighbour_sentences(
        facts(row(**pair, contrast="cluster", estimate="0.2", p_value="0.1", output_basis="proxy"))
    )
    assert len(found) == 1
    assert found[0].mark == "PROXY in part"
    assert "does not hold the own clusters fixed" in said(found)[0]
