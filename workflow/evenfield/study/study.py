"""The tables of a study by unit scheme, read when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import pandas as pd

from evenfield.study.files import read_json
from evenfield.study.study_config import StudyConfig
from evenfield.study.table_files import read_table

if TYPE_CHECKING:
    from evenfield.study.spatial_weights import SpatialWeights

Made = TypeVar("Made")


class Study:
    """What every topic reads: config, panel tables, weights and groups, by unit scheme.

    ``config`` holds the sections that the topic names in its ``topic.yaml`` and no
    others, so that a change anywhere else cannot move its results.
    """

    def __init__(
        self, config: Mapping[str, object], root: str | Path = "results"
    ) -> None:
        self.config = StudyConfig.of(config)
        self.root = Path(root)
        self.schemes: Sequence[str] = list(self.config.panel.unit_schemes)
        self.main = self.config.panel.unit_scheme
        self.table = cache(self._table)
        self.weights = cache(self._weights)
        self.description = cache(self._description)
        self._read_ingested = cache(self._ingested)
        self._made: dict[Hashable, object] = {}

    @classmethod
    def load(cls, folder: str | Path = ".") -> Study:
        """Open a study that has been run, for example in a notebook."""
        from evenfield.study.config import checked_config
        from evenfield.study.config_files import read_config

        return cls(
            checked_config(read_config(Path(folder) / "config.yaml")),
            Path(folder) / "results",
        )

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return what was made of this study under a key; many specifications share it,
        so nobody may change it.
        """
        if key not in self._made:
            self._made[key] = make()
        return cast("Made", self._made[key])

    def _table(
        self, name: str, scheme: str = "", text: tuple[str, ...] = ()
    ) -> pd.DataFrame:
        """Return a table of a unit scheme, the main one by default, for example
        ``periods`` or ``exposures``.
        """
        # Exposures are W times cells and doses, so they lie with the weights.
        folder = "weights" if name == "exposures" else "panel"
        return read_table(
            self.root / folder / (scheme or self.main) / f"{name}.csv", text
        )

    def _description(self, scheme: str = "") -> dict[str, Any]:
        """Return units, years, periods, samples and hashes of a unit scheme."""
        return dict(
            read_json(self.root / "panel" / (scheme or self.main) / "description.json")
        )

    def _weights(self, name: str = "", scheme: str = "") -> SpatialWeights:
        """Return spatial weights by name, the primary ones by default."""
        from evenfield.study.spatial_weights import weights_from_edges

        scheme, path = (
            scheme or self.main,
            self.root / "weights" / (scheme or self.main),
        )
        name = name or self.config.weights.primary
        edges = read_table(path / f"{name}.csv")
        spec = read_json(path / f"{name}.json")
        return weights_from_edges(edges, self.description(scheme)["units"], spec)

    @property
    def has_weights(self) -> bool:
        """Whether the study has any spatial weights."""
        return bool(self.config.weights.primary)

    @cached_property
    def all_weights(self) -> dict[str, SpatialWeights]:
        """Every weights matrix of the main unit scheme, by name."""
        return {name: self.weights(name) for name in self.config.weights.families}

    def each(self, name: str, text: tuple[str, ...] = ()) -> dict[str, pd.DataFrame]:
        """Return a table of every unit scheme."""
        return {scheme: self.table(name, scheme, text) for scheme in self.schemes}

    @property
    def descriptions(self) -> dict[str, dict[str, Any]]:
        """The description of every unit scheme."""
        return {scheme: self.description(scheme) for scheme in self.schemes}

    def ingested(self, name: str, text: tuple[str, ...] = ()) -> pd.DataFrame:
        """Return a checked input table, for example ``clusters``."""
        # A copy that shares its columns until one is changed.
        return self._read_ingested(name, text).copy(deep=False)

    def _ingested(self, name: str, text: tuple[str, ...]) -> pd.DataFrame:
        return read_table(self.root / "ingest" / f"{name}.csv", text)

    @property
    def power(self) -> float:
        """The power of minimum detectable effects, which the design topic sets."""
        return self.config.inference.power

    def outlines(self) -> dict[str, Any]:
        """Return the outlines of the units as GeoJSON."""
        return dict(read_json(self.root / "ingest" / "outlines.geojson"))
