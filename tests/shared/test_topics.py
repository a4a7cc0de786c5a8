"""Which sections of the config move a step of a topic."""

from evenfield.shared.topic_file import Step
from evenfield.shared.topics import exhibit_words, read_topics, renamed, settings
from yaml_text import from_yaml

CONFIG = from_yaml("""
    weights: {primary: queen, families: {queen: {}}, join: land}
    estimates: {beta: [1], sigma: [2], moran: [3]}
    """)


def test_a_step_that_reads_all_weights_depends_on_their_families():
    used = settings(CONFIG, "beta", Step(reads=["weights"]))
    assert used["weights"] == {"primary": "queen", "families": {"queen": {}}}


def test_a_step_that_reads_the_primary_weights_depends_on_their_name():
    used = settings(CONFIG, "beta", Step(reads=["weights/primary"]))
    assert used["weights"] == {"primary": "queen"}


def test_a_step_depends_on_its_own_section_and_those_it_reads():
    used = settings(CONFIG, "beta", Step(reads=["estimates/sigma/estimates.csv"]))
    assert used["estimates"] == {"beta": [1], "sigma": [2]}
    assert "weights" not in used


def test_printed_texts_call_taxonomies_by_the_names_of_the_study():
    study = {"names": {"list": "our list", "list+dated": "our list, dated"}}
    study |= {"zone_name": "SEZ", "zones_name": "SEZs"}
    assert renamed(study, "cells of list, list+dated") == (
        "cells of our list, our list, dated"
    )
    assert renamed(study, "listed in `list`") == "listed in `list`"
    assert renamed({**study, "names": {}}, "cells of list") == "cells of list"


def test_what_a_figure_has_drawn_stands_in_its_caption_without_proxy_output():
    words = exhibit_words({"study": {"unit_name": "state", "units_name": "states"}})
    for topic in read_topics().values():
        for name, exhibit in topic.exhibits.items():
            kept = words[name].get("caption", "")
            assert ("{{drawn}}" in exhibit.caption) == ("{{drawn}}" in kept), name
