"""Floor 4, policy wing: how do cluster and zone regions differ. INPUT: results/panel/. OUTPUT: results/estimates/."""


rule estimate_exploratory:
    """Claims that the panel can describe but not decide: statements declared in the config, with reasons for the rest."""
    input:
        panel=main_scheme("results/panel/{scheme}/panel.csv"),
        periods=main_scheme("results/panel/{scheme}/periods.csv"),
        cells=main_scheme("results/panel/{scheme}/cells.csv"),
        doses=main_scheme("results/panel/{scheme}/doses.csv"),
        units=main_scheme("results/panel/{scheme}/units.csv"),
        adjacency=main_scheme("results/panel/{scheme}/adjacency.csv"),
        description=main_scheme("results/panel/{scheme}/description.json"),
        clusters="results/ingest/clusters.csv",
        outlines="results/ingest/outlines.geojson",
    output:
        estimates="results/estimates/exploratory/estimates.csv",
        not_carried="results/estimates/exploratory/not_carried.csv",
        fit="results/estimates/exploratory/fit.json",
    log:
        "results/logs/estimate_exploratory.log",
    benchmark:
        "results/benchmarks/estimate_exploratory.tsv"
    conda:
        "../../../environment.yml"
    params:
        section=config["estimates"].get("exploratory"),
        taxonomy=config["taxonomy"],
        inference=config["inference"],
        power=POWER,
    script:
        "../../scripts/estimate_exploratory.py"


rule estimate_taxonomies:
    """Taxonomy comparison: prediction of units left out and BIC (H14)."""
    input:
        panel=main_scheme("results/panel/{scheme}/panel.csv"),
        cells=main_scheme("results/panel/{scheme}/cells.csv"),
        units=main_scheme("results/panel/{scheme}/units.csv"),
        adjacency=main_scheme("results/panel/{scheme}/adjacency.csv"),
        description=main_scheme("results/panel/{scheme}/description.json"),
        periods=main_scheme("results/panel/{scheme}/periods.csv"),
        doses=main_scheme("results/panel/{scheme}/doses.csv"),
        clusters="results/ingest/clusters.csv",
    output:
        estimates="results/estimates/taxonomies/estimates.csv",
        fit="results/estimates/taxonomies/fit.json",
    log:
        "results/logs/estimate_taxonomies.log",
    benchmark:
        "results/benchmarks/estimate_taxonomies.tsv"
    conda:
        "../../../environment.yml"
    params:
        specs=config["estimates"].get("taxonomies"),
        study=GROUP_STUDY,
    script:
        "../../scripts/estimate_taxonomies.py"
