"""Every published number of the China study is what it was, by topic and file, without a
run of the workflow: `python3 run mutate` plants its faults here, and one topic is quickly
tried by hand. The gate compares the same files of a whole run (tests/workflow/test_study.py).

What moved in a file is shown by `python3 run diff` after a run. To accept a change that is
meant: EVENFIELD_GOLDEN=write python3 run test -m gate tests/topics/test_published.py -n 0.
"""

import hashlib
import json
import os
from pathlib import Path

import pytest

from china_study import TOPICS, build_china, china_config, estimated
from evenfield.shared.topics import read_topics, settings
from evenfield.study.study import Study

pytestmark = pytest.mark.gate
HASHES = Path(__file__).parents[1] / "golden" / "estimates.json"


@pytest.fixture(scope="module")
def config():
    return china_config()


@pytest.fixture(scope="module")
def root(config, tmp_path_factory):
    root = tmp_path_factory.mktemp("study") / "results"
    build_china(config, root)
    return root


@pytest.fixture(scope="module")
def golden():
    if os.environ.get("EVENFIELD_GOLDEN") != "write":
        yield json.loads(HASHES.read_text())
        return
    written = {}
    yield written
    text = json.dumps(written, indent=1, sort_keys=True)
    HASHES.write_text(f"{text}\n")


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_publishes_what_it_did(topic, config, root, golden, tmp_path):
    used = settings(config, topic, read_topics()[topic].estimate)
    estimated(topic, Study(used, root)).write(tmp_path)
    hashes = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        for path in sorted(tmp_path.iterdir())
    }
    if os.environ.get("EVENFIELD_GOLDEN") == "write":
        golden[topic] = hashes
    assert hashes == golden[topic]
