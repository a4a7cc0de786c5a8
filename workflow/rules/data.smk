"""From data/ to results/ingest/, results/panel/ and results/weights/: checked tables, one panel and weights per unit scheme."""

TABLES = [
    "adjacency",
    "benchmarks",
    "cases",
    "claims",
    "cluster_list",
    "clusters",
    "hypotheses",
    "panel",
    "panel_merged",
    "panel_provenance",
    "programmes",
    "reasons",
    "sources",
    "taxonomies",
    "units",
    "zones",
]


rule ingest_study:
    """Read and check every table of the study."""
    input:
        tracked=data_files(),
    output:
        tables=expand("results/ingest/{table}.csv", table=TABLES),
        dictionary="results/ingest/datapackage.json",
        outlines="results/ingest/outlines.geojson",
        description="results/ingest/description.json",
    log:
        "results/logs/ingest_study.log",
    benchmark:
        "results/benchmarks/ingest_study.tsv"
    conda:
        "../../environment.yml"
    params:
        code=code_hash("study/ingest/study_tables.py", "study/ingest/outlines.py", "study/ingest/dictionary.py"),
        data_hash=hash_of(data_files()),
        config={key: config[key] for key in ("data", "panel")} | {"taxonomy": {"all": config["taxonomy"]["all"]}},
    script:
        "../scripts/ingest_study.py"


rule build_panel:
    """Deflate, merge units, join taxonomy cells and zone doses, collapse to periods."""
    input:
        tables=rules.ingest_study.output.tables,
        dictionary=rules.ingest_study.output.dictionary,
    output:
        panel="results/panel/{scheme}/panel.csv",
        periods="results/panel/{scheme}/periods.csv",
        units="results/panel/{scheme}/units.csv",
        cells="results/panel/{scheme}/cells.csv",
        doses="results/panel/{scheme}/doses.csv",
        first_years="results/panel/{scheme}/first_years.csv",
        adjacency="results/panel/{scheme}/adjacency.csv",
        description="results/panel/{scheme}/description.json",
    log:
        "results/logs/build_panel_{scheme}.log",
    benchmark:
        "results/benchmarks/build_panel_{scheme}.tsv"
    conda:
        "../../environment.yml"
    params:
        scheme="{scheme}",
        code=code_hash("study/panel/build.py"),
        config={key: config[key] for key in ("panel", "periods", "taxonomy", "controls")},
    script:
        "../scripts/build_panel.py"


rule build_weights:
    """Build, check and describe every weights matrix of a unit scheme."""
    input:
        panel=rules.build_panel.output.panel,
        units=rules.build_panel.output.units,
        adjacency=rules.build_panel.output.adjacency,
        description=rules.build_panel.output.description,
        tracked=[family["path"] for family in config["weights"]["families"].values() if "path" in family],
    output:
        edges=expand("results/weights/{{scheme}}/{weights}.csv", weights=WEIGHTS),
        descriptions=expand("results/weights/{{scheme}}/{weights}.json", weights=WEIGHTS),
    log:
        "results/logs/build_weights_{scheme}.log",
    benchmark:
        "results/benchmarks/build_weights_{scheme}.tsv"
    conda:
        "../../environment.yml"
    params:
        code=code_hash("study/weights/build.py"),
        spec=config["weights"],
    script:
        "../scripts/build_weights.py"


rule build_exposures:
    """Multiply every weights matrix with taxonomy cells and zone doses."""
    input:
        edges=rules.build_weights.output.edges,
        descriptions=rules.build_weights.output.descriptions,
        cells=rules.build_panel.output.cells,
        doses=rules.build_panel.output.doses,
        description=rules.build_panel.output.description,
    output:
        exposures="results/weights/{scheme}/exposures.csv",
    log:
        "results/logs/build_exposures_{scheme}.log",
    benchmark:
        "results/benchmarks/build_exposures_{scheme}.tsv"
    conda:
        "../../environment.yml"
    script:
        "../scripts/build_exposures.py"
