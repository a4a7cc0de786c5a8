"""Texts: what they print comes from named numbers, what they say has a condition, and
both outputs say the same.
"""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from evenfield.report.bibliography import bibtex, read_references
from evenfield.report.context import Count
from evenfield.report.numbers import Number
from evenfield.report.printable import Lookup, part_of, word
from evenfield.report.prose import Prose, check_citations, read_texts, with_citations
from evenfield.study.errors import Faults, ReportError
from refusals import fails
from yaml_text import from_yaml

BIB = """@article{Frattini2013,
  author = {Frattini, Federico and Prodi, Giorgio},
  title = {Industrial {C}lusters \\& more}, journal = {ERIEP}, number = {5},
  year = 2013
}

@techreport{Bank1990,
  author = {{World Bank}},
  title = "Some report",
  institution = {World Bank},
  year = {1990},
  url = {https://example.org/a},
}

@book{Many,
  editor = {One, A. and Two, B. and Three, C. and Four, D.},
  title = {Many}, publisher = {Press}, address = {Oxford}, year = {2000}, pages = {1--2},
}
"""
OWN = Number(
    value=0.8,
    low=0.04,
    high=1.57,
    p=0.0431,
    smallest_visible=0.93,
    show="0.00",
    unit="pp",
    source="x",
)
AWKWARD = "fell.Jammu_&_Kashmir_d'Or*.start"
PLACED = {
    "see": lambda which: f"[see {which}]",
    "table": lambda which: f"[table {which}]\n",
    "map": lambda: "[map]\n",
}


@pytest.fixture
def write(tmp_path):
    (tmp_path / "text").mkdir()
    (tmp_path / "references.bib").write_text(BIB)
    references = read_references(tmp_path / "references.bib")
    numbers = {
        "slope": part_of("slope", replace(OWN, unit="", measure="pp/yr per period")),
        "rise": part_of("rise", replace(OWN, unit="", measure="change of a ratio")),
        "ratio": part_of("ratio", replace(OWN, unit="", measure="ratio")),
        "lead": part_of("lead", replace(OWN, unit="", measure="pp/yr")),
        "own": part_of("own", OWN),
        AWKWARD: part_of(AWKWARD, OWN, AWKWARD),
        "bare": part_of("bare", Number(value=6.0, show="0", source="x")),
        "rate": part_of(
            "rate",
            Number(
                value=12.0,
                show="0",
                source="x",
                unit="% a year",
            ),
        ),
    }
    names = {"n": Lookup("number", numbers), "counts": Lookup("answer", {"HOLDS": 39})}
    names |= {"total": 92, "raw": "a*b*_c_ @d"}

    def prose_of(text):
        path = tmp_path / "text" / "paper.md"
        path.write_text(text)
        return Prose({"paper": path}, names, references, ["T0", "T4", "F1"])

    return prose_of


TEXT = """# The "answer" & more

{{ must(n.own.low.value > 0) }}
Growth was {{ n.own }} {{ n.own.unit }} ({{ n.own.interval }}, {{ n.own.p_is }}), *much*
**more** at [a_b](https://x.org/a_b).
{{ must(n.own.value > n.own.low.value + 0.5) }}
2019. {{ counts["HOLDS"] | word | capitalize }} of {{ total }};
@Frattini2013 and others [@Bank1990; @Many], {{ see("T4") }}.
{{ must(1 > 0) }}

{{ table("T4") }}

- one, {{ raw }}
- #cards = \\$x\\$ <b>

::: cards
### One
Text.
### Two
{{ map() }}
:::

{{ "Big" if n.own.value > 5 else "Small" }}.
"""


def test_html_prints_named_numbers_citations_cards_and_what_is_placed(write):
    prose = write(TEXT)
    page = prose.html("paper", PLACED)
    assert '<h1 id="the-answer-more">The “answer” &amp; more</h1>' in page
    assert (
        "Growth was 0.80 pp (0.04 to 1.57, p = .043), <em>much</em>"
        "\n<strong>more</strong>" in page
    )
    assert "2019. Thirty-nine of 92" in page
    assert "a*b*_c_ @d" in page
    assert "&lt;b&gt;" in page
    assert '<a href="#ref-Frattini2013">Frattini and Prodi (2013)</a>' in page
    assert (
        '(<a href="#ref-Bank1990">World\u00a0Bank 1990</a>; <a href="#ref-Many">One et'
        " al. 2000</a>)" in page
    )
    one, two = page.split('<section class="card">')[1:]
    assert one.count("</section>") == two.count("</section>") == 1
    assert "[map]\n</section>\n</div>" in page
    assert "[table T4]" in page
    assert "<p></p>" not in page
    assert "Small." in page
    assert "must" not in page
    assert re.search(r"[\ue000-\ue0ff]", page) is None
    assert prose.placed("paper") == ["T4"]
    assert prose.headings("paper", 3) == [("one", "One"), ("two", "Two")]


def test_a_number_of_a_unit_called_as_markdown_writes_emphasis_is_found(write):
    """Jammu_&_Kashmir, Cote_d'Ivoire: the name of the number stays as it is."""
    prose = write(f"From {{{{ n[{AWKWARD!r}] }}}} to {{{{ n[{AWKWARD!r}] }}}}.")
    found = []
    placed = {"number": lambda *parts: found.append(parts) or parts[-1]}
    page = prose.html("paper", placed)
    assert page == "<p>From 0.80 to 0.80.</p>\n"
    assert {name for name, *_ in found} == {AWKWARD}
    assert prose.typst("paper", placed).startswith("From 0.80 to 0.80")
    assert prose.marks("paper") == [["number", AWKWARD, AWKWARD, "0.80"]] * 2


@pytest.mark.parametrize(
    ("text", "message"),
    from_yaml("""
    - ['Growth of {{ n.own }}% a year.', own is printed with % and has the unit pp;]
    - ['From {{ n.own.low }}%.', own is printed with % and has the unit pp;]
    - ['There were {{n.bare}}%.', bare is printed with % and has no unit;]
    - - 'By {{ n.slope }} points a year.'
      - slope is printed with a year and has the unit pp/yr per period;
    - - 'By {{ n.rise.high }} times.'
      - rise is printed with times and has the unit change of a ratio;
    - ['It is {{ n.own }} times as much.', own is printed with times and has the unit pp;]
    """),
)
def test_words_of_another_unit_behind_a_number_are_refused(write, text, message):
    """Before a run, when only units are known, and in it."""
    prose = write(f"First line.\n\n{text}\n")
    assert next(str(fault) for fault in prose.faults()).startswith(
        f"report: text/paper.md line 3: {message}"
    )
    fails(ReportError, f"line 3: {message}", prose.html, "paper", PLACED)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("{{ n.rate }}% a year", "12% a year"),
        ("{{ n.lead }} points a year", "0.80 points a year"),
        ("{{ n.ratio }} times as much", "0.80 times as much"),
        ("{{ n.slope }} points from period to period", "0.80 points from"),
    ],
)
def test_words_of_its_own_unit_behind_a_number_are_printed(write, text, printed):
    assert printed in write(text).html("paper", PLACED)


def test_typst_says_what_html_says_and_escapes_what_typst_would_read(write):
    prose = write(TEXT)
    source = prose.typst("paper", PLACED)
    assert source.startswith(
        "= The “answer” & more\n\nGrowth was 0.80 pp (0.04 to 1.57, p \\= .043),"
        " #emph[much];"
    )
    assert '#link("https://x.org/a_b")[a\\_b];' in source
    assert (
        '#cite(<Frattini2013>, form: "prose"); and others'
        " #cite(<Bank1990>);#cite(<Many>);" in source
    )
    assert (
        "#list([one, a\\*b\\*\\_c\\_ \\@d],[\\#cards \\= \\$x\\$ \\<b\\>],);" in source
    )
    assert write("2019\\. It").typst("paper", PLACED) == "2019\\. It\n\n"


def test_words_of_both_outputs_are_the_same(write):
    text = re.sub(
        r"@Frattini2013|\[@.*\]|\[a_b\]\(.*?\)|^:::.*|^#+ ", "", TEXT, flags=re.M
    )
    prose = write(text)
    html = unescape(re.sub(r"<[^>]+>", " ", prose.html("paper", PLACED)))
    typst = re.sub(r"#(emph|strong|list)|\\|;", "", prose.typst("paper", PLACED))
    assert re.findall(r"[A-Za-z0-9.]+", html) == re.findall(r"[A-Za-z0-9.]+", typst)


REFUSED = from_yaml(r"""
    a number: ['{{ n.own.value }}', 'line 3: a computed number is printed']
    arithmetic: ['{{ n.own.value * 2 }}', 'line 3: a computed number is printed']
    formatted: ['{{ "%.2f" % n.own.value }}', "line 3: `.* is not part of the syntax"]
    format:
      ['{{ "{:.2f}".format(n.own.value) }}', 'line 3: format\(\) is not part of the syntax']
    attribute: ['{{ n.own.value.real }}', "line 3: 'real' is asked of what has no parts"]
    class of a name: ['{{ total.__class__ }}', "line 3: '__class__' is asked of what"]
    class of a number: ['{{ n.own.__class__ }}', 'line 3: own has no __class__']
    class of a list: ["{{ counts['__class__'] }}", "'__class__' is not known"]
    text behind a name: ['{{ n.own.text }}', 'line 3: own has no text']
    list in a text: ['{{ [1, 2] }}', 'line 3: `\[1, 2\]` is not part of the syntax']
    power: ['{{ must(n.own.value ** 2 > 0) }}', '`n.own.value \*\* 2` is not part of']
    lambda: ['{{ (lambda: 1)() }}', 'line 3: .* is not part of the syntax']
    walrus: ['{{ (n := 5) }}', 'line 3: `\(n := 5\)` is not part of the syntax']
    formatted text: ["{{ f'{n}' }}", 'line 3: .* is not part of the syntax']
    comprehension: ['{{ [x for x in n] }}', 'line 3: .* is not part of the syntax']
    comment in braces: ['{{ n.own # .low }}', 'line 3: `n.own # .low` is no expression']
    comment: ['{# note #}', 'line 3: \{# is not part of the syntax']
    never closed: ['{{ n.own', 'line 3: \{\{ is never closed']
    answer in order: ["{{ must('a' < 'b') }}", 'line 3: the order of two texts is asked']
    number against text: ["{{ must(total > 'b') }}", "a number is compared with 'b'"]
    number for a text: ['{{ table(4) }}', 'line 3: table\(\) takes texts in quotation marks']
    name that is called: ['{{ total() }}', 'line 3: total\(\) is not part of the syntax']
    filter with brackets: ['{{ n.own | word(2) }}', 'is not part of the syntax']
    filter of a sum: ['{{ total + total | word }}', 'is not part of the syntax']
    condition: ['{{ total > 1 }}', "line 3: a condition is printed"]
    number as condition: ["{{ 'a' if n.own else 'b' }}", 'line 3: own is compared']
    filter: ['{{ n.own.value | round }}', "line 3: no filter named 'round'"]
    sum of numbers:
      ['{{ n.own - n.bare }}', 'line 3: own is compared or computed with as a whole']
    unknown number:
      - '{{ n.owm }}'
      - "number 'owm' is not known; expected one of bare, .*, slope; did you mean 'own'"
    unknown name: ['{{ owns }}', "line 3: the name 'owns' is not known"]
    no interval: ['{{ n.bare.interval }}', bare has no interval]
    broken:
      - "{{ must(n.own.p.value > 1) }}\nX."
      - 'line 3: .* no longer holds \(n.own.p.value > 1\)'
    unknown table: ['{{ table("T9") }}', "table 'T9' is not made"]
    figure as table: ['{{ table("F1") }}', "table 'F1' is not made"]
    unknown key:
      [As @Frattini shows, "@Frattini is not known.*did you mean '@Frattini2013'"]
    citation: ['[@Many, p. 3]', "'@Many, p. 3' is no citation"]
    no part: ['{{ n.own.lov }}', "line 3: own has no lov; .* did you mean 'low'"]
    no place: ['{{ rest() }}', 'line 3: rest\(\) has no place']
    code: [Then `code` it, "line 3: code inline 'code' is not part of the syntax"]
    table: ["| a | b |\n|---|---|\n| 1 | 2 |", "table 'a' is not part"]
    block: ['    indented', code block]
    syntax: ['{{ n. }}', 'line 3: `n.` is no expression']
    branch: ['{% if total %}a{% endif %}', 'line 3: \{% if %\} is not part of the syntax']
    loop: ['{%- for a in n %}{% endfor %}', 'line 3: \{% for %\} is not part']
    setting: ['{% set n = 5 %}', 'line 3: \{% set %\} is not part']
    word: ['{{ n.own | word }}', "'0.80' is no count"]
    include: ["{% include 'x' %}", 'line 3: \{% include %\} is not part of the syntax']
    macro: ['{% macro m() %}{{ m() }}{% endmacro %}', 'line 3: \{% macro %\} is not part']
    identity: ['{{ must(n.own is total) }}', '`n.own is total` is not part of the syntax']
    typed number: ['{{ 7.5 }}', 'line 3: a number that is typed in a text is printed']
    typed whole number:
      ['{{ 7 }}', 'line 3: a number that is typed in a text is printed']
    name without value:
      ['{{ must(n.own > 1) }}', 'line 3: own is compared or computed with as a whole']
    equal without value:
      ['{{ must(n.own == 1) }}', 'line 3: own is compared or computed with as a whole']
    long text:
      ["{{ 'a' * 100000000000 }}", 'line 3: a text is formatted or computed with']
    large number: ['{{ must(total > 1e400) }}', 'is not part of the syntax']
    division by zero: ['{{ must(total / 0) }}', 'line 3: a condition divides by zero']
    joined texts: ["{{ 'a' + 'a' }}", 'line 3: a text is formatted or computed with']
    no argument: ['{{ see() }}', 'line 3: see\(\) has 0, it takes 1 to 2 arguments']
    a list: ['{{ n }}', 'line 3: all of a list is printed']
    a list in capitals: ['{{ n | upper }}', 'line 3: all of a list is printed']
    counts in small letters: ['{{ counts | lower }}', 'line 3: all of a list is printed']
    word in capitals: ['{{ map | upper }}', 'line 3: a word that needs brackets is printed']
    map in capitals: ['{{ map() | capitalize }}', 'line 3: what a text places is printed']
    letter of a map: ['{{ map() | first }}', 'stands behind what is no list']
    word of a list: ['{{ n | word }}', 'line 3: all of a list is printed']
    condition in capitals: ['{{ (total > 1) | upper }}', 'line 3: a condition is printed']
    typed in capitals: ['{{ 7 | upper }}', 'line 3: a computed number is printed']
    half a letter: ["{{ '\\ud800' }}", 'line 3: a text between quotation marks holds']
    turned: ["{{ '\\u202e' }}", 'line 3: a text between quotation marks holds']
    mark: ["{{ '\\ue001map\\ue002' }}", 'line 3: a text between quotation marks holds']
    text beside must: ['{{ must(1 > 0) }}Text', 'line 3: must\(\) stands on the line of a text']
    open box: ["::: cards\n\nText", 'line 3: a box is never closed']
    box without start: [':::', 'line 3: a box is closed that none has opened']
    unknown box: ["::: foo\n:::", "line 3: no box named 'foo'"]
    link to nowhere: ['[a]()', 'line 3: a link that leads nowhere']
    """)
REFUSED |= {
    "deep brackets": ("{{ " + "(" * 1000 + ")" * 1000 + " }}", "brackets too deep"),
    "deep signs": ("{{ must(" + "-" * 1000 + "1) }}", "brackets too deep"),
    "deep parts": ("{{ n" + ".own" * 1000 + " }}", "brackets too deep"),
    "long expression": ("{{ " + "(" * 5000 + ")" * 5000 + " }}", "is no expression"),
    "many openings": ("{{ " * 100_000, r"line 3: \{\{ is never closed"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_number_bears_out_is_refused_with_file_and_line(name, write):
    text, message = REFUSED[name]
    message, position = (
        message.removeprefix("line 3: "),
        " line 3" if message.startswith("line 3") else r"( line \d+)?",
    )
    with pytest.raises(
        ReportError, match=rf"^report: text/paper\.md{position}: .*{message}"
    ) as error:
        write(f"First.\n\n{text}\n").html("paper", PLACED)
    assert "\n" not in str(error.value)


def test_a_fault_is_named_by_its_own_line_and_not_by_the_first_with_its_letters(write):
    text = """First `see` and
{{ n.own }} rest() code.
{{ must(total > 5) }}

{{ table("T4") }}


::: cards
### One
:::

{{ total }} ends
in a second line, [@Many;
@Bank1990] and
a third with ![picture](x.png).
"""
    ours = text.replace("`see`", "see")
    with pytest.raises(ReportError, match="line 15: image 'picture'"):
        write(ours).html("paper", PLACED)
    ours = ours.replace("![picture](x.png)", "picture rest()\n\n{{ rest() }}")
    with pytest.raises(ReportError, match=r"line 17: rest\(\) has no place"):
        write(ours).typst("paper", PLACED)
    with pytest.raises(ReportError, match="line 1: code inline 'see'"):
        write(text).html("paper", PLACED)


def test_a_byte_order_mark_is_no_part_of_a_text(write):
    assert write("\ufeff# Title\n").html("paper", PLACED).startswith('<h1 id="title">')


def test_references_are_read_and_each_is_cited(tmp_path):
    path = tmp_path / "references.bib"
    path.write_text(BIB)
    fault = read_references(path)
    assert fault["Frattini2013"].text.endswith(
        "Prodi, Giorgio (2013). Industrial Clusters & more. ERIEP, no. 5."
    )
    assert fault["Many"].text.endswith("Four, D. (eds.) (2000). Many. Oxford: Press.")
    assert fault["Bank1990"].html.endswith(
        'World Bank. <a href="https://example.org/a">https://example.org/a</a>'
    )
    path.write_text(bibtex(fault.values()))
    again = read_references(path)
    assert list(again) == list(fault)
    for key in ("Frattini2013", "Bank1990"):
        assert again[key].fields == fault[key].fields
    check_citations(["@Many and [@Bank1990]", "@Frattini2013"], fault, "references.bib")
    fails(
        ReportError,
        r"references\.bib: no text cites Many",
        check_citations,
        ["a@Many [@Bank1990] @Frattini2013"],
        fault,
        "references.bib",
    )
    undated = BIB.replace("year = 2013", "note = {x}")
    for broken, message in (
        (BIB + "@misc{x, title = {y}}\n", "4 entries, of which 3"),
        (undated, "no year"),
    ):
        path.write_text(broken)
        fails(ReportError, message, read_references, path)


CHAPTER = """@incollection{Chapter,
  author = {One, A.},
  title = {Central planning, reform, and openness},
  booktitle = "The book",
  editor = {Two, B.},
  year = {1990},
}
"""


def for_typst(tmp_path, entry):
    path = tmp_path / "one.bib"
    path.write_text(entry)
    return bibtex(read_references(path).values())


def test_titles_keep_their_capitals_in_the_paper(tmp_path):
    written = for_typst(tmp_path, CHAPTER)
    assert "{{Central planning, reform, and openness}}" in written
    assert "{{The book}}" in written


def test_a_chapter_names_its_book_once(tmp_path):
    written = for_typst(tmp_path, CHAPTER)
    assert written.startswith("@inbook{Chapter,")
    assert "editor = {Two, B.}" in written


@pytest.mark.parametrize(
    ("editors", "author"),
    from_yaml("""
    - ['Zeng, Douglas Zhihua', 'Zeng, ed., Douglas Zhihua']
    - ['One, A. and Two, B.', 'One, A. and Two, eds., B.']
    - ['{World Bank}', '{World Bank}']
    """),
)
def test_the_editor_of_a_book_is_named_as_editor(tmp_path, editors, author):
    entry = (
        f"@book{{Many,\n  editor = {{{editors}}},\n  title = {{T}}, year = 2000,\n}}"
    )
    written = for_typst(tmp_path, entry)
    assert f"author = {{{author}}}" in written
    assert "editor" not in written


def test_counts_as_words():
    assert [
        word(n) for n in (0, 6, 12, 20, 21, 99, 100)
    ] == "no six twelve twenty twenty-one ninety-nine 100".split()
    assert word(part_of("x", Number(value=6.0, show="0", source="x"))) == "six"


def test_a_count_is_compared_as_a_number_and_printed_with_its_thousands_parted():
    assert Count(31) == 31
    assert str(Count(2800)) == "2,800"


SENTENCES = """# Heading with {{ n.own }}

{{ must(n.own.low.value > 0, "First") }}
First, {{ n.own.p_is }} and {{ n["own"].interval }}; {{ n.bare | word }} *others*
of [@Bank1990; @Many] and @Frattini2013. {{ n.bare | word | capitalize }} of {{ total }}
in {{ see("T4") }}, {{ see("F1", "the figure") }}: {{ "up" if n.rate.value > 0 else "no" }}.

- One {{ n.rate }} [here {{ "more" }}](https://x.org).

{{ unchecked("n.own") }}
{{ must(n.ratio.value > 0
   and n.ratio.value < 1) }}
"""
OF_OWN = [
    "1: Heading with 0.80",
    "4: First, p = .043 and 0.04 to 1.57; six others of (World Bank 1990; One et"
    " al. 2000) and Frattini and Prodi (2013).",
    "3: ",
]
OF_BARE = [OF_OWN[1], "5: Six of 92 in Table T4, the figure: up."]
OF_RATE = ["6: Six of 92 in Table T4, the figure: up.", "8: One 12 here more."]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("n.own", OF_OWN),
        ("n.bare", OF_BARE),
        ("n.rate", OF_RATE),
        ("n.ratio", ["11: "]),
        ("n.slope", []),
        ("cities.own", []),
    ],
)
def test_what_uses_a_number_is_told_as_a_reader_sees_it(write, number, expected):
    """Filters, choices, citations and links as on the page; of a condition nothing."""
    prose = write(SENTENCES)
    uses = [f"{use.where}: {use.sentence}" for use in prose.uses(number)]
    assert uses == [f"text/paper.md, line {line}" for line in expected]


def test_the_table_of_claims_is_placed_as_the_table_that_it_is(write):
    prose = write('{{ claims_table() }}\n\n{{ table("T4") }}\n')
    assert prose.placed("paper") == ["T0", "T4"]


def test_a_paragraph_of_the_config_cites_and_is_no_markdown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("text").mkdir()
    Path("text/references.bib").write_text(BIB)
    study = {"literature": "As [@Bank1990; @Many] say, *not* @Frattini2013."}
    faults = Faults()
    _, references = read_texts(["text/references.bib"], faults, study)
    assert not faults
    assert {*references} == {"Bank1990", "Many", "Frattini2013"}
    cited = with_citations(study["literature"])
    assert cited == r"As [@Bank1990; @Many] say, \*not\* @Frattini2013."
    assert not [*Prose({}, {"study": study}, references).faults()]
    wrong = {"study": {"contribution": "As [@Banc1990] says."}}
    (fault,) = Prose({}, wrong, references).faults()
    assert "study.contribution: @Banc1990 is not known" in str(fault)
    assert "did you mean '@Bank1990'" in str(fault)
    read_texts(["text/references.bib"], faults, {"literature": "@Many"})
    assert "no text cites Bank1990" in str(faults[0])
