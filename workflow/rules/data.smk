"""From data/ to checked tables, one panel for each unit scheme, its weights and exposures."""

TABLES = (
    "adjacency benchmarks cases cluster_list clusters distances panel panel_merged"
    " panel_provenance policies programmes sources taxonomies units zones"
).split()


rule ingest:
    """Read and check every table of the study."""
    input:
        tracked=ancient(data_files()),  # tracked by content
    output:
        tables=expand("results/ingest/{table}.csv", table=TABLES),
        dictionary="results/ingest/datapackage.json",
        outlines="results/ingest/outlines.geojson",
        description="results/ingest/description.json",
    log:
        "results/logs/ingest.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        code=code_of("ingest"),
        data_hash=hash_of(data_files()),
        config={key: config[key] for key in ("data", "panel")}
        | {"taxonomy": {"all": config["taxonomy"]["all"]}},
    script:
        "../scripts/ingest.py"


rule build_panel:
    """Deflate, merge units, join taxonomy cells and zone doses, collapse to periods."""
    input:
        tables=rules.ingest.output.tables,
        dictionary=rules.ingest.output.dictionary,
    output:
        panel="results/panel/{scheme}/panel.csv",
        periods="results/panel/{scheme}/periods.csv",
        units="results/panel/{scheme}/units.csv",
        cells="results/panel/{scheme}/cells.csv",
        yearly_cells="results/panel/{scheme}/yearly_cells.csv",
        doses="results/panel/{scheme}/doses.csv",
        first_years="results/panel/{scheme}/first_years.csv",
        adjacency="results/panel/{scheme}/adjacency.csv",
        grades="results/panel/{scheme}/grades.csv",
        description="results/panel/{scheme}/description.json",
    log:
        "results/logs/build_panel_{scheme}.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        scheme="{scheme}",
        code=code_of("build_panel"),
        config={key: config[key] for key in ("panel", "periods", "controls")}
        | {
            "taxonomy": {
                key: config["taxonomy"][key] for key in ("all", "national_zones")
            }
        },
    script:
        "../scripts/build_panel.py"


rule build_weights:
    """Build every weights matrix of a unit scheme; multiply each with cells and doses."""
    input:
        panel=rules.build_panel.output.panel,
        units=rules.build_panel.output.units,
        adjacency=rules.build_panel.output.adjacency,
        cells=rules.build_panel.output.cells,
        doses=rules.build_panel.output.doses,
        description=rules.build_panel.output.description,
        tracked=ancient(WEIGHT_FILES),
    output:
        edges=expand("results/weights/{{scheme}}/{weights}.csv", weights=WEIGHTS),
        descriptions=expand(
            "results/weights/{{scheme}}/{weights}.json", weights=WEIGHTS
        ),
        exposures="results/weights/{scheme}/exposures.csv",
    log:
        "results/logs/build_weights_{scheme}.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=code_of("build_weights"),
        data_hash=hash_of(WEIGHT_FILES),
        spec={key: config["weights"][key] for key in ("join", "families")},
    script:
        "../scripts/build_weights.py"
