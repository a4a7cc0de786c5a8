"""F6: a panel for each grouping, bands that can be told apart, names that can be read;
F34: what lies inside parents.
"""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import pandas as pd

from evenfield.topics.inequality.figure import f6, f34

GROUPS = {
    "coastal": ["0", "1"],
    "region4": ["Autonomous Communities of the North", *"ABCDEFGHIJK"],
    "zone": ["in", "out"],
}


def made_results(groupings):
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
        word=str,
    )


def names_of(axes):
    return [text.get_text().replace("\n", " ") for text in axes.texts]


def test_every_grouping_has_a_panel_with_names_that_can_be_read():
    art = f6(made_results(["coastal", "region4", "zone"]))
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


def test_the_longest_name_that_is_not_cut_ends_within_the_figure(monkeypatch):
    monkeypatch.setitem(GROUPS, "region4", ["Baden-Württemberg", "Mecklenburg-Vorpomm"])
    figure = f6(made_results(["region4"])).figure
    (axes,) = figure.axes
    renderer = figure.canvas.get_renderer()
    ends = [text.get_window_extent(renderer).x1 for text in axes.texts]
    plt.close(figure)
    assert max(ends) <= figure.bbox.x1


def test_one_grouping_is_one_panel():
    art = f6(made_results(["zone"]))
    assert len(art.figure.axes) == 1
    assert set(art.data["grouping"]) == {"zone"}
    plt.close(art.figure)


def test_the_share_inside_parents_stands_beside_marked_ones():
    rows = []
    for year in (2000, 2010):
        share = {"kind": "share", "value": 0.5, "conf_low": 0.4, "conf_high": 0.6}
        rows.append({"year": year, "group": "", **share})
        for group, value in (("marked", 0.1), ("others", 0.2)):
            mean = {"kind": "inside", "group": group, "value": value}
            rows.append({"year": year, **mean})
    series = pd.DataFrame(rows).assign(spec_id="main", period="P")
    spec = {"id": "main", "parents": "province", "marked": "coastal"}
    results = SimpleNamespace(
        specs=lambda: [spec], series=lambda *_, **__: series, word=str
    )
    art = f34(results)
    share, inside = art.figure.axes
    assert share.get_ylim() == (0, 100) and share.get_ylabel() == "% of Theil T"
    assert names_of(inside) == ["coastal", "others"]
    assert "50% in 2000" in art.alt
    plt.close(art.figure)
