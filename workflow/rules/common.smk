"""What the floors share: library inputs, paths by unit scheme and the names of the parts of a study."""

from evenfield.contracts.floors import library_files

SCHEMES = list(config["panel"]["unit_schemes"])
WEIGHTS = list(config["weights"]["families"])
FAMILIES = sorted(config["estimates"])
MAIN_SCHEME = config["panel"]["unit_scheme"]
MAIN_WEIGHTS = config["weights"]["primary"]
MAIN_TAXONOMY = config["taxonomy"]["primary"]
POWER = config["estimates"].get("design", {}).get("power", 0.8)
MAKERS = {
    "TD": "tabulate_design",
    "T1": "tabulate_taxonomy",
    "T2": "tabulate_sources",
    "T3": "tabulate_summary",
    "T4": "tabulate_premium",
    "T5": "tabulate_factor_intensity",
    "T22": "tabulate_fading",
    "T6": "tabulate_beta",
    "T16": "tabulate_exposure",
    "F1": "draw_cells",
    "F1b": "draw_outlines",
    "F2": "draw_rollout",
    "F3": "draw_relative_income",
    "F4": "draw_beta",
    "F5": "draw_sigma",
    "F13": "draw_exposure",
    "T7": "tabulate_dynamic",
    "T8": "tabulate_regime",
    "T9": "tabulate_sigma",
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
DESIGN_SERIES = ["results/estimates/design/series.csv"] if "design" in config["estimates"] else []
