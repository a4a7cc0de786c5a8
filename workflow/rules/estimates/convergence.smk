"""Floor 4, convergence wing: are units converging. INPUT: results/panel/, results/weights/. OUTPUT: results/estimates/."""


rule estimate_sigma:
    """Sigma convergence: the path of dispersion and start against end of each period."""
    input:
        panels=per_scheme("results/panel/{scheme}/panel.csv"),
        periods=per_scheme("results/panel/{scheme}/periods.csv"),
        descriptions=per_scheme("results/panel/{scheme}/description.json"),
    output:
        estimates="results/estimates/sigma/estimates.csv",
        series="results/estimates/sigma/series.csv",
        fit="results/estimates/sigma/fit.json",
    log:
        "results/logs/estimate_sigma.log",
    benchmark:
        "results/benchmarks/estimate_sigma.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=config["estimates"].get("sigma"),
        inference=config["inference"],
        unit_scheme=MAIN_SCHEME,
    script:
        "../../scripts/estimate_sigma.py"


rule estimate_clock:
    """Rolling windows of beta convergence, spatial beta by period, break dates of sigma."""
    input:
        panels=per_scheme("results/panel/{scheme}/panel.csv"),
        periods=per_scheme("results/panel/{scheme}/periods.csv"),
        descriptions=per_scheme("results/panel/{scheme}/description.json"),
        weights=per_scheme(f"results/weights/{{scheme}}/{MAIN_WEIGHTS}.csv"),
        weights_descriptions=per_scheme(f"results/weights/{{scheme}}/{MAIN_WEIGHTS}.json"),
    output:
        estimates="results/estimates/clock/estimates.csv",
        series="results/estimates/clock/series.csv",
        fit="results/estimates/clock/fit.json",
    log:
        "results/logs/estimate_clock.log",
    benchmark:
        "results/benchmarks/estimate_clock.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=config["estimates"].get("clock"),
        inference=config["inference"],
        unit_scheme=MAIN_SCHEME,
    script:
        "../../scripts/estimate_clock.py"


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


rule estimate_preflight:
    """Cross-section dependence and unit roots, with the rule they feed."""
    input:
        panels=per_scheme("results/panel/{scheme}/panel.csv"),
        periods=per_scheme("results/panel/{scheme}/periods.csv"),
        units=per_scheme("results/panel/{scheme}/units.csv"),
        descriptions=per_scheme("results/panel/{scheme}/description.json"),
    output:
        estimates="results/estimates/preflight/estimates.csv",
        series="results/estimates/preflight/series.csv",
        fit="results/estimates/preflight/fit.json",
    log:
        "results/logs/estimate_preflight.log",
    benchmark:
        "results/benchmarks/estimate_preflight.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=config["estimates"].get("preflight"),
        inference=config["inference"],
        unit_scheme=MAIN_SCHEME,
    script:
        "../../scripts/estimate_preflight.py"


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
