"""F6: a panel for each grouping, bands that can be told apart, names that can be read."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import pandas as pd

from evenfield.topics.inequality.figure import f6

GROUPS = {
    "coastal": ["0", "1"],
    "region4": ["Autonomous Communities of the North", *"ABCDEFGHIJK"],
    "zone": ["in", "out"],
}


def made_facts(groupings):
    rows = [
        {"grouping": name, "year": year, "kind": kind, "group": group, "value": value}
        for name, groups in GROUPS.items()
        for year in (2000, 2010)
        for kind, group, value in [
            ("between", "", 0.01),
            *(("within", group, 0.02 - 0.001 * i) for i, group in enumerate(groups)),
        ]
    ]
    series = pd.DataFrame(rows).assign(
        spec_id="main", measure="theil_t", period="P", share=0.5
    )
    spec = {"id": "main", "groupings": groupings, "taxonomies": []}
    return SimpleNamespace(
        primary=lambda: spec,
        series=lambda: series,
        description=lambda: {},
    )


def names_of(axes):
    return [text.get_text().replace("\n", " ") for text in axes.texts]


def test_every_grouping_has_a_panel_with_names_that_can_be_read():
    art = f6(made_facts(["coastal", "region4", "zone"]))
    coastal, region, zone = art.figure.axes
    assert names_of(coastal) == [
        "between groups",
        "within not coastal",
        "within coastal",
    ]
    assert len(names_of(region)) == 8
    assert "within Autonomous\u2026" in names_of(region)
    assert names_of(region)[-1] == "within other groups"
    assert names_of(zone) == ["between groups", "within in", "within out"]
    assert set(art.data["grouping"]) == set(GROUPS)
    plt.close(art.figure)


def test_one_grouping_is_one_panel():
    art = f6(made_facts(["zone"]))
    assert len(art.figure.axes) == 1
    assert set(art.data["grouping"]) == {"zone"}
    plt.close(art.figure)
