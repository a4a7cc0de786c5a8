"""Floor 4, all families together. INPUT: results/estimates/. OUTPUT: results/estimates.csv, results/verdicts.json."""


rule collect_estimates:
    """Stack the estimates of every family in one tidy table and adjust for how many were made."""
    input:
        families=expand("results/estimates/{family}/estimates.csv", family=FAMILIES),
        hypotheses="results/ingest/hypotheses.csv",
    output:
        estimates="results/estimates.csv",
    log:
        "results/logs/collect_estimates.log",
    benchmark:
        "results/benchmarks/collect_estimates.tsv"
    conda:
        "../../../environment.yml"
    script:
        "../../scripts/collect_estimates.py"


rule judge_claims:
    """Judge every claim of the ledger by the rule in the config."""
    input:
        estimates=rules.collect_estimates.output.estimates,
        claims="results/ingest/claims.csv",
        hypotheses="results/ingest/hypotheses.csv",
        reasons="results/ingest/reasons.csv",
        description=rules.ingest_study.output.description,
    output:
        content="results/verdicts.json",
        verdicts="results/verdicts.csv",
        rows="results/verdict_rows.csv",
    log:
        "results/logs/judge_claims.log",
    benchmark:
        "results/benchmarks/judge_claims.tsv"
    conda:
        "../../../environment.yml"
    params:
        section=config.get("verdicts"),
        periods=config["periods"],
        power=POWER,
    script:
        "../../scripts/judge_claims.py"
