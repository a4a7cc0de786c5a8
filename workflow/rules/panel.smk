"""Floor 2. INPUT: results/ingest/. OUTPUT: results/panel/{scheme}/. One checked panel per unit scheme."""


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
        config={key: config[key] for key in ("panel", "periods", "taxonomy", "controls")},
    script:
        "../scripts/build_panel.py"
