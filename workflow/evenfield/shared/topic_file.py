"""All that `topic.yaml` may say, with the meaning of each key beneath it.

docs/exhibits.md lists the keys; `python3 run schema` writes it from here.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class Keys(BaseModel):
    """A mapping of topic.yaml, whose other keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Step(Keys):
    """What moves the estimates of a topic, or its tables and figures."""

    reads: list[str] = []
    """Tables of the panel (`panel`, `cells`, `units`, ...), `exposures`, `weights`
    (all), `weights/primary`, or a file below results/."""
    settings: list[str] = []
    """Sections of the config beside the topic's own, such as `inference.conf_level`."""
    schemes: Literal["all", "main"] = "all"
    """The unit schemes whose tables it reads."""


class EstimateStep(Step):
    """The step that writes `results/estimates/TOPIC/`."""

    needs: list[str] = []
    """What a study must have, else the topic is left out with a sentence: the names
    listed in docs/exhibits.md."""
    spares: list[str] = []
    """Keys of a specification that go where what they name is lacking."""
    series: list[str] = ["series"]
    """CSV files that it writes beside estimates.csv."""
    priority: int = 0
    """Jobs of a higher priority start first: the longest ones, so that none is left
    over at the end."""
    chunks: int = 0
    """Jobs that run side by side before it; with 1 only where the command line asks for
    more (`--set-scatter TOPIC=8`)."""


class RenderStep(Step):
    """The step that writes all tables and figures of a topic."""

    schemes: Literal["all", "main"] = "main"
    """The unit schemes whose tables it reads."""


class ExhibitWords(Keys):
    """The words of one table (`T...`) or figure (`F...`)."""

    title: str
    """Title; `{{unit}}` and `{{units}}` are the study's."""
    caption: str = ""
    """What a figure shows and how to read it; `{{drawn}}` is what its function says of
    what it has drawn in this study."""
    needs: list[str] = []
    """As for estimates, or a section that must be asked for: `TOPIC` or `TOPIC.KEY`."""


class Start(Keys):
    """What `run new` asks of a topic in a study that it makes."""

    steps: int = 0
    """Fewest steps between first and last year."""
    units: int = 0
    """Fewest units."""
    needs: list[str] = []
    """Words of the section that must have a value."""
    section: Any
    """The section of the topic; `$taxonomy`, `$taxonomies`, `$compare` (the groups of a
    taxonomy), `$weights`, `$periods`, `$span`, `$grouping`, `$groupings`, `$policies`,
    `$placement`, `$rings`, `$step`, `$ten_steps`, `$long_step` (ten steps, or half of a shorter
    panel), `$weighting` (`population` where people are known, else `unweighted`),
    `$unweighted` (where people are known) and `$control` are words for what the table
    has."""
    beside: list[Any] = []
    """Further specifications, each asked where all its words have a value."""
    asks: str
    """What the topic asks, as a comment behind its line."""
    more: list[Any] = []
    """Further specifications, which are written as a comment only."""


class NoCall(Keys):
    """Rows that no function of the library gives, by what stands in them."""

    rows: list[dict[str, str]]
    """A text for each of some columns of estimates.csv: rows are meant that hold all texts
    of one mapping."""
    why: str
    """Why no function gives them, and what to do instead."""


class TopicFile(Keys):
    """All that `topic.yaml` may say."""

    title: str
    """Heading on page and in tables of contents."""
    order: int = 1000
    """Place on the page, ascending."""
    leads: bool = False
    """Whether its headline and its answer stand before those of other topics, as those of
    a question that only studies with such data ask."""
    estimate: EstimateStep | None = None
    """What moves the estimates; absent where it shows others' only."""
    families: bool = False
    """Whether the section holds specifications by family of rows, where other topics
    have one family of their own name."""
    render: RenderStep = RenderStep()
    """What moves tables and figures."""
    start: Start | None = None
    """What `run new` asks of it; absent: nothing."""
    exhibits: dict[str, ExhibitWords] = {}
    """Tables and figures by ID, as listed in table.py and figure.py."""
    numbers: dict[str, Any] | None = None
    """Numbers and words of its section.md, as docs/prose.md lists them; absent: text.py
    says them, or there is no section."""
    no_calls: list[NoCall] = []
    """Rows that no function of the library gives, why, and what to do instead; `call.py`
    says which function gives the others, and refuses what the row itself does not tell."""
    no_exhibits: str = ""
    """Why a topic shows nothing itself."""
