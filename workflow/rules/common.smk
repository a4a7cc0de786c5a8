"""What the floors share: library inputs, paths by unit scheme and the names of the parts of a study."""

from evenfield.shared.floors import library_files

SCHEMES = list(config["panel"]["unit_schemes"])
WEIGHTS = list(config["weights"]["families"])
FAMILIES = sorted(config["estimates"])
MAIN_SCHEME = config["panel"]["unit_scheme"]
MAIN_WEIGHTS = config["weights"]["primary"]
MAIN_TAXONOMY = config["taxonomy"]["primary"]
POWER = config["estimates"].get("design", {}).get("power", 0.8)
MAKERS = {
    "T0": "tabulate_verdicts",
    "T0b": "tabulate_untestable",
    "T25": "tabulate_ladder",
    "T26": "tabulate_multiplicity",
    "T27": "tabulate_power",
    "T28": "tabulate_influence",
    "T29": "tabulate_placebos",
    "F21": "draw_power",
    "F22": "draw_influence",
    "F23": "draw_dashboard",
    "TD": "tabulate_design",
    "T1": "tabulate_taxonomy",
    "T2": "tabulate_sources",
    "T3": "tabulate_summary",
    "T3b": "tabulate_preflight",
    "T4b": "tabulate_gradient",
    "T4": "tabulate_premium",
    "T5": "tabulate_factor_intensity",
    "T22": "tabulate_fading",
    "T6": "tabulate_beta",
    "T14": "tabulate_spatial_selection",
    "T15": "tabulate_spatial_effects",
    "T16": "tabulate_exposure",
    "T30": "tabulate_benchmarks",
    "T31": "tabulate_exploratory",
    "T16b": "tabulate_exposure_ranges",
    "F1": "draw_cells",
    "F1b": "draw_outlines",
    "F2": "draw_rollout",
    "F3": "draw_relative_income",
    "F4": "draw_beta",
    "F5": "draw_sigma",
    "F11": "draw_spatial_effects",
    "F12": "draw_reach",
    "F13": "draw_exposure",
    "T6b": "tabulate_clock",
    "T6c": "tabulate_spatial_beta",
    "F24": "draw_benchmarks",
    "T7": "tabulate_dynamic",
    "T8": "tabulate_regime",
    "T9": "tabulate_sigma",
    "T9b": "tabulate_weak_sigma",
    "T10": "tabulate_clubs",
    "T10b": "tabulate_clubs_cells",
    "T11": "tabulate_transitions",
    "T11b": "tabulate_spatial_chain",
    "T12": "tabulate_inequality",
    "T12b": "tabulate_growth_shares",
    "T13": "tabulate_pattern",
    "F5c": "draw_clock",
    "F6": "draw_inequality",
    "F7": "draw_clubs",
    "F8": "draw_currency",
    "F9": "draw_kernels",
    "F10": "draw_pattern",
    "F20": "draw_curve",
    "T17": "tabulate_dynamic_spatial",
    "T20": "tabulate_linkage",
    "F19": "draw_linkage",
    "T21": "tabulate_balance",
    "F17": "draw_balance",
    "T24": "tabulate_west",
    "T1b": "tabulate_taxonomies",
    "T23": "tabulate_wages",
    "F18": "draw_quotient",
}


wildcard_constraints:
    scheme="[A-Za-z0-9_+]+",


def library(room):
    """Library files of a room, as tracked inputs that also resolve under --directory."""
    return [workflow.source_path(f"../evenfield/{path}") for path in library_files(room)]


def per_scheme(pattern):
    """One path per unit scheme, in the order of the config."""
    return expand(pattern, scheme=SCHEMES)


def table_files(name):
    """The four files of a table."""
    return expand(f"results/tables/{name}.{{ending}}", ending=["csv", "tex", "md", "html"])


def figure_files(name):
    """The five files of a figure."""
    return expand(f"results/figures/{name}.{{ending}}", ending=["pdf", "svg", "png", "csv", "alt.txt"])


def primary_spec(family):
    """The id of the family's primary specification, else of its first; None where the family is not run."""
    specs = config["estimates"].get(family) or [{"id": None}]
    return next((spec["id"] for spec in specs if spec.get("role") == "primary"), specs[0]["id"])


def primary_spec_of(family):
    """The family's primary specification with all its keys; empty where the family is not run."""
    specs = config["estimates"].get(family) or []
    return next((spec for spec in specs if spec["id"] == primary_spec(family)), {})


def inequality_groupings():
    """The groupings that the figure of inequality shows: regions first, then the cells of the first taxonomy."""
    spec = (config["estimates"].get("inequality") or [{}])[0]
    cells = [f"{name}: cell" for name in spec.get("taxonomies", [])[:1]]
    return [*spec.get("groupings", [])[:1], *cells]


def kernel_spec():
    """The first specification that asks for stochastic kernels."""
    specs = config["estimates"].get("distribution") or []
    return next((spec["id"] for spec in specs if spec.get("kernel_steps")), None)


def templates():
    """Templates of page and paper, and the library files whose assumptions they list, as tracked inputs."""
    folder = Path(workflow.basedir) / "workflow"
    files = sorted([*(folder / "report").rglob("*.*"), *(folder / "evenfield").rglob("*.py")])
    return [workflow.source_path(f"../{path.relative_to(folder)}") for path in files]


def main_scheme(pattern):
    """The path, or paths, of the main unit scheme."""
    return expand(pattern, scheme=MAIN_SCHEME) if not isinstance(pattern, str) else pattern.format(scheme=MAIN_SCHEME)


def data_files(_wildcards):
    """Every file of the study's data folder that the dictionary describes, and the dictionary."""
    package = Path(config["data"]["package"])
    return [
        *([str(package)] if package.exists() else []),
        *sorted(str(path) for path in package.parent.rglob("*.*") if path.suffix in {".csv", ".geojson"}),
    ]


EXHIBITS = [
    *(path for name in config["tables"] for path in table_files(name)),
    *(path for name in config["figures"] for path in figure_files(name)),
]
SCRIPTS = {
    name: f"workflow/scripts/{rule}.py"
    for name, rule in MAKERS.items()
    if name in {*config["tables"], *config["figures"]}
}
GROUP_STUDY = {
    "taxonomy": config["taxonomy"],
    "join": config["weights"]["join"],
    "inference": config["inference"],
    "power": POWER,
}
DESIGN_SERIES = ["results/estimates/design/series.csv"] if "design" in config["estimates"] else []
CURVE_STUDY = {
    "periods": [name for name, period in config["periods"].items() if period["role"] == "main"],
    "unit_scheme": MAIN_SCHEME,
    "weights": WEIGHTS,
    "taxonomies": config["taxonomy"]["all"],
    "samples": config["panel"]["samples"],
}
SPREAD_FILES = expand(
    "results/estimates/spatial_panel/{name}",
    name=["reach.csv", "links.csv", "fit.json"] if "spatial_panel" in config["estimates"] else [],
)
