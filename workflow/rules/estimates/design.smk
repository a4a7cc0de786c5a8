"""Floor 4, design wing: what the design can see, before any regression. INPUT: results/panel/, results/weights/. OUTPUT: results/estimates/."""


rule estimate_profile:
    """Relative income by taxonomy cell over time, and summary statistics."""
    input:
        panels=per_scheme("results/panel/{scheme}/panel.csv"),
        periods=per_scheme("results/panel/{scheme}/periods.csv"),
        cells=per_scheme("results/panel/{scheme}/cells.csv"),
        doses=per_scheme("results/panel/{scheme}/doses.csv"),
        descriptions=per_scheme("results/panel/{scheme}/description.json"),
    output:
        estimates="results/estimates/profile/estimates.csv",
        series="results/estimates/profile/series.csv",
        fit="results/estimates/profile/fit.json",
    log:
        "results/logs/estimate_profile.log",
    benchmark:
        "results/benchmarks/estimate_profile.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=config["estimates"].get("profile"),
    script:
        "../../scripts/estimate_profile.py"
