"""Inputs that differ in their last bit give the same printed digits: what a BLAS kernel
moves, nobody sees.

Each processor's BLAS adds in another order. If a published number moves when its inputs
move by one unit in the last place, it would also differ between machines.
"""

from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng
from pandas.testing import assert_frame_equal

from china_study import CHUNKED, TOPICS, build_china, china_config, estimated
from evenfield.shared.estimates import ROW_SCALED, estimates_frame
from evenfield.study.rounding import round_frame
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.study.study import Study

# Every topic twice: CI and releases run it beside the tests (.ci/run, CONTRIBUTING.md).
pytestmark = pytest.mark.long


@pytest.fixture(scope="module", autouse=True)
def few_draws():
    few = {
        "spatial_panel.estimate_rows": {"DRAWS": 500, "YEAR_DRAWS": 9, "UNIT_DRAWS": 19}
    }
    few |= {"exposure.estimate_two_regime": {"SAMPLES": 2}}
    with pytest.MonkeyPatch.context() as patch:
        for module, numbers in few.items():
            for name, number in numbers.items():
                patch.setattr(import_module(f"evenfield.topics.{module}"), name, number)
        yield


@pytest.fixture(scope="module")
def config():
    """Every third specification of the China study, with few draws: their statistics
    are tested, not their number.
    """
    config = china_config()
    return {
        **config,
        "inference": _few(config["inference"]),
        "estimates": _few(config["estimates"]),
    }


def _few(node):
    if isinstance(node, dict):
        few = ("draws", "permutations")
        return {
            key: 99 if key in few and value else _few(value)
            for key, value in node.items()
        }
    if not isinstance(node, list):
        return node
    return (
        [_few(item) for item in node[:: 3 if isinstance(node[0], dict) else 1]]
        if node
        else node
    )


@pytest.fixture(scope="module")
def root(config, tmp_path_factory):
    """Folder of results up to panel and weights."""
    root = tmp_path_factory.mktemp("study") / "results"
    build_china(config, root)
    return root


def moved(values, rng):
    """Move each number that is not whole up or down by one unit in the last place, or
    not at all.
    """
    way = rng.choice([-np.inf, np.nan, np.inf], size=values.shape)
    near = np.where(np.isnan(way), values, np.nextafter(values, way))
    return np.where(np.isfinite(values) & (values != np.round(values)), near, values)


class MovedStudy(Study):
    """A study whose numbers differ in their last bit."""

    def _table(self, name, scheme="", text=()):
        frame = super()._table(name, scheme, text)
        rng = default_rng(7)
        floats = [
            column for column in frame if pd.api.types.is_float_dtype(frame[column])
        ]
        return frame.assign(
            **{column: moved(frame[column].to_numpy(), rng) for column in floats}
        )

    def _weights(self, name="", scheme=""):
        estimates = super()._weights(name, scheme)
        return SpatialWeights(
            estimates.units,
            moved(estimates.matrix.toarray(), default_rng(8)),
            estimates.spec,
        )


def printed(results):
    """Everything a topic publishes, as it is printed."""
    rows = estimates_frame(results.estimates).drop(columns=["data_hash", "n_treated"])
    series = {name: round_frame(frame) for name, frame in results.series.items()}
    return {"estimates": round_frame(rows, ROW_SCALED), **series}


@pytest.mark.parametrize("topic", CHUNKED)
def test_the_number_of_chunks_changes_no_byte(topic, config, root, tmp_path):
    part = {
        k: v[:2] if k in ("curves", "specifications") else v
        for k, v in config["estimates"][topic].items()
    }
    for of in (1, 3):
        estimated(topic, Study({**config, "estimates": {topic: part}}, root), of).write(
            tmp_path / str(of)
        )
    for one in sorted((tmp_path / "1").iterdir()):
        assert len({(tmp_path / str(of) / one.name).read_bytes() for of in (1, 3)}) == 1


@pytest.mark.parametrize("topic", TOPICS)
def test_the_last_bit_of_the_inputs_is_not_printed(topic, config, root):
    one, two = (
        printed(estimated(topic, kind(config, root))) for kind in (Study, MovedStudy)
    )
    for name, frame in one.items():
        assert_frame_equal(
            frame, two[name], check_exact=True, check_dtype=False, obj=f"{topic} {name}"
        )
