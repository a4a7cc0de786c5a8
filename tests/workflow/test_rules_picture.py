"""The picture of the rules in docs/reruns.md draws what the workflow has."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.gate
ROOT = Path(__file__).parents[2]
BY_NAME = re.compile(r"^(estimate|exhibit|chunk|study)_\w+")


@pytest.fixture(scope="module")
def edges():
    """Pairs of rules, one of which reads what the other makes; rules of a topic as one."""
    snakemake = Path(sys.executable).parent / "snakemake"
    words = ["--cores", "2", "--forceall", "--rulegraph", "mermaid-js"]
    done = subprocess.run(
        [snakemake, *words], cwd=ROOT, capture_output=True, text=True, check=True
    )
    rules = {
        node: BY_NAME.sub(r"\1", rule)
        for node, rule in re.findall(r"(id\d+)\[(\w+)\]", done.stdout)
    }
    pairs = re.findall(r"(id\d+) --> (id\d+)", done.stdout)
    return {(rules[start], rules[end]) for start, end in pairs}


def test_the_picture_has_every_rule_and_no_arrow_that_is_not_there(edges):
    picture = (ROOT / "docs" / "rules.svg").read_text("utf-8")
    drawn = {
        tuple(pair.split()) for pair in re.findall(r'data-edge="([^"]+)"', picture)
    }
    assert drawn <= edges
    rules = {rule for edge in edges for rule in edge} - {"all"}
    assert {rule for edge in drawn for rule in edge} == rules
