"""What the rows of convergence by regime share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evenfield.shared.settings import PROXY, SPLICED
from evenfield.study.files import content_hash
from evenfield.topics.regime.estimate_data import EXPOSURES, INITIAL, OUTCOME, OWN, RegimeSection
from evenfield.topics.regime.estimate_inference import Components
from evenfield.topics.regime.estimate_spec import RegimeSettings, RegimeSpec

BASIS = {PROXY: "PROXY: growth rests on proxy output", SPLICED: "SPLICED: proxy output is joined to official output"}


@dataclass(frozen=True)
class Job:
    """One specification with what all its periods share."""

    spec: RegimeSpec
    settings: RegimeSettings
    components: Components
    study: Mapping[str, Any]


def base_fields(section: RegimeSection, job: Job) -> dict[str, Any]:
    """Return what all rows of one specification and period share."""
    spec, n = job.spec, len(section.table)
    used = section.table[[OUTCOME, INITIAL, *OWN, *EXPOSURES]].rename_axis("unit").reset_index()
    return {
        "family": "regime", "spec_id": spec.id, "outcome": OUTCOME, "unit_scheme": str(job.study["unit_scheme"]),
        "period": section.name, "treatment_def": spec.taxonomy, "w_id": spec.weights,
        "controls_id": "own status" if spec.own == "added" else "none", "n_obs": n, "n_units": n,
        "output_basis": str(section.period["basis"]), "data_hash": content_hash(used),
    }  # fmt: skip


def basis_note(section: RegimeSection) -> str:
    """Say in words that a period rests on proxy output."""
    return BASIS.get(str(section.period["basis"]), "")
