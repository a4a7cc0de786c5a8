"""Floor 4, convergence wing: are units converging. INPUT: results/panel/, results/weights/. OUTPUT: results/estimates/."""


rule estimate_dynamic:
    """Dynamic panel: pooled, fixed effects, bias-corrected, jackknife, GMM."""
    input:
        panels=per_scheme("results/panel/{scheme}/panel.csv"),
        descriptions=per_scheme("results/panel/{scheme}/description.json"),
    output:
        estimates="results/estimates/dynamic/estimates.csv",
        series="results/estimates/dynamic/series.csv",
        fit="results/estimates/dynamic/fit.json",
    log:
        "results/logs/estimate_dynamic.log",
    benchmark:
        "results/benchmarks/estimate_dynamic.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=config["estimates"].get("dynamic"),
        sesoi=config["sesoi"],
        inference=config["inference"],
        power=POWER,
        unit_scheme=MAIN_SCHEME,
    script:
        "../../scripts/estimate_dynamic.py"


rule estimate_gradient:
    """Where clusters lie: East, South within the East, neighbours (H2)."""
    input:
        units=main_scheme("results/panel/{scheme}/units.csv"),
        cells=main_scheme("results/panel/{scheme}/cells.csv"),
        clusters="results/ingest/clusters.csv",
        description=main_scheme("results/panel/{scheme}/description.json"),
        weights=main_scheme(f"results/weights/{{scheme}}/{MAIN_WEIGHTS}.csv"),
        weights_description=main_scheme(f"results/weights/{{scheme}}/{MAIN_WEIGHTS}.json"),
    output:
        estimates="results/estimates/gradient/estimates.csv",
        fit="results/estimates/gradient/fit.json",
    log:
        "results/logs/estimate_gradient.log",
    benchmark:
        "results/benchmarks/estimate_gradient.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=config["estimates"].get("gradient"),
        inference=config["inference"],
        power=POWER,
    script:
        "../../scripts/estimate_gradient.py"


rule estimate_regime:
    """Convergence by exposure to clusters and to zones (H11)."""
    input:
        panel=main_scheme("results/panel/{scheme}/panel.csv"),
        periods=main_scheme("results/panel/{scheme}/periods.csv"),
        exposures=main_scheme("results/weights/{scheme}/exposures.csv"),
        units=main_scheme("results/panel/{scheme}/units.csv"),
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        estimates="results/estimates/regime/estimates.csv",
        series="results/estimates/regime/series.csv",
        points="results/estimates/regime/points.csv",
        support="results/estimates/regime/support.csv",
        fit="results/estimates/regime/fit.json",
    log:
        "results/logs/estimate_regime.log",
    benchmark:
        "results/benchmarks/estimate_regime.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=config["estimates"].get("regime"),
        sesoi=config["sesoi"],
        inference=config["inference"],
        power=POWER,
    script:
        "../../scripts/estimate_regime.py"
