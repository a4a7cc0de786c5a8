import hashlib

from evenfield.report import exhibits
from evenfield.report.assumptions import harvest_assumptions
from evenfield.report.exhibits import read_exhibits
from evenfield.shared.topics import LIBRARY
from evenfield.study.files import write_text
from report.made_up import write_figure


def test_assumptions_are_harvested_with_their_continuation(tmp_path):
    marker = "# " + "ASSUME:"
    text = (
        f"x = 1  {marker} one is enough\ny = 2\n{marker} a long\n#   decision.\nz ="
        " 3\n# not this\n"
    )
    write_text(text, tmp_path / "topics" / "beta" / "estimate.py")
    write_text(f'MARK = "{marker} not a comment"\n', tmp_path / "panel" / "other.py")
    fault = harvest_assumptions(tmp_path)
    assert [item.text for item in fault] == ["One is enough.", "A long decision."]
    assert {(item.floor, item.location) for item in fault} == {
        ("beta", "topics/beta/estimate.py")
    }


def test_exhibits_are_ordered_by_number_and_fall_back_to_their_alt_text(tmp_path):
    paths = [
        path
        for name in ("F13", "F2", "F1b", "F1", "F77")
        for path in write_figure(tmp_path, name)
    ]
    fault = read_exhibits(
        paths,
        {"F2": "groups"},
        {"F2": "scripts/draw.py"},
        {"F4": {"title": "T", "caption": "C"}},
    )
    assert [exhibit.id for exhibit in fault] == "F1 F1b F2 F13 F77".split()
    assert (fault[2].topic, fault[2].script) == ("groups", "scripts/draw.py")
    assert (fault[4].title, fault[4].caption, fault[4].topic) == ("F77", "A dot.", "")
    assert fault[0].picture.startswith("data:image/svg+xml;base64,")


def test_git_finds_the_file_of_an_exhibit_whatever_the_way_to_the_library(monkeypatch):
    script = "workflow/evenfield/topics/beta/table.py"
    named = exhibits._git_object(script)
    content = (LIBRARY / "topics" / "beta" / "table.py").read_bytes()
    object_name = hashlib.sha1(b"blob %d\0%s" % (len(content), content)).hexdigest()
    assert len(named) == exhibits.OBJECT_LETTERS and object_name.startswith(named)
    by_rules = LIBRARY.parent / "rules" / ".." / LIBRARY.name
    monkeypatch.setattr(exhibits, "LIBRARY", by_rules)
    assert exhibits._git_object(script) == named
    assert exhibits._git_object("scripts/own.py") == ""
