"""Floor 6. INPUT: results/tables/, results/figures/, results/estimates.csv. OUTPUT: the page, the paper, the manifest."""


rule write_page:
    """The page: one file that works offline."""
    input:
        tracked=templates(),
        estimates=rules.collect_estimates.output.estimates,
        exhibits=EXHIBITS,
        design=DESIGN_SERIES,
        spread=SPREAD_FILES,
        ingest=rules.ingest_study.output.description,
        panel=main_scheme("results/panel/{scheme}/description.json"),
        units=main_scheme("results/panel/{scheme}/units.csv"),
        claims="results/ingest/claims.csv",
        judgement=rules.judge_claims.output.content,
        verdicts=rules.judge_claims.output.verdicts,
        verdict_rows=rules.judge_claims.output.rows,
        sources="results/ingest/sources.csv",
    output:
        page="results/report/index.html",
    log:
        "results/logs/write_page.log",
    benchmark:
        "results/benchmarks/write_page.tsv"
    conda:
        "../../environment.yml"
    params:
        config=config,
        scripts=SCRIPTS,
    script:
        "../scripts/write_page.py"


rule write_paper:
    """The paper, its Typst source and its references."""
    input:
        tracked=templates(),
        estimates=rules.collect_estimates.output.estimates,
        exhibits=EXHIBITS,
        design=DESIGN_SERIES,
        spread=SPREAD_FILES,
        ingest=rules.ingest_study.output.description,
        panel=main_scheme("results/panel/{scheme}/description.json"),
        units=main_scheme("results/panel/{scheme}/units.csv"),
        claims="results/ingest/claims.csv",
        judgement=rules.judge_claims.output.content,
        verdicts=rules.judge_claims.output.verdicts,
        verdict_rows=rules.judge_claims.output.rows,
        sources="results/ingest/sources.csv",
    output:
        paper="results/report/paper.pdf",
        source="results/report/paper.typ",
        references="results/report/references.bib",
    log:
        "results/logs/write_paper.log",
    benchmark:
        "results/benchmarks/write_paper.tsv"
    conda:
        "../../environment.yml"
    params:
        config=config,
        scripts=SCRIPTS,
    script:
        "../scripts/write_paper.py"


rule write_manifest:
    """Hashes of inputs and results, without a clock."""
    input:
        ingest=rules.ingest_study.output.description,
        files=[
            *EXHIBITS,
            rules.collect_estimates.output.estimates,
            *rules.judge_claims.output,
            rules.write_page.output.page,
            *rules.write_paper.output,
        ],
    output:
        manifest="results/manifest.json",
    log:
        "results/logs/write_manifest.log",
    benchmark:
        "results/benchmarks/write_manifest.tsv"
    conda:
        "../../environment.yml"
    params:
        config=config,
        scripts=SCRIPTS,
    script:
        "../scripts/write_manifest.py"
