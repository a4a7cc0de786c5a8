"""Floor 1. INPUT: data/. OUTPUT: results/ingest/. Every table checked against the dictionary, grades applied."""

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
        tracked=data_files,
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
        config={key: config[key] for key in ("data", "panel", "taxonomy")},
    script:
        "../scripts/ingest_study.py"
