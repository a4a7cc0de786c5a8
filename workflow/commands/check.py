"""Check config and data in seconds and compute nothing."""

from evenfield.answers.spec import read_claims
from evenfield.report.numbers import read_entries
from evenfield.study.ingest.dictionary import public_dictionary
from evenfield.study.ingest.study_tables import describe_study, read_study
from evenfield.study.panel.build import build_panel
from evenfield.study.tables import parse_resource
from evenfield.study.weights.build import build_geography, build_weights
from study import arguments, run_command


def check(config: dict) -> None:
    """Read every table, build every panel and every weights matrix, and write nothing."""
    study = read_study(config)
    package = public_dictionary(config["data"]["package"])
    panel_table = next(parse_resource(item) for item in package["resources"] if item["path"] == "panel.csv")
    fields = {field.name: field for field in panel_table.fields}
    for scheme in config["panel"]["unit_schemes"]:
        built = build_panel(study, fields, config, scheme)
        geography = build_geography(
            built.units, built.adjacency, built.panel, config["weights"]["join"], built.description["merged"]
        )
        for name, spec in config["weights"]["families"].items():
            build_weights(name, spec, geography)
        print(
            f"unit scheme {scheme}: {len(built.units)} units, {built.description['years'][0]} to "
            f"{built.description['years'][-1]}, {len(config['weights']['families'])} weights"
        )
    print(*config["aside"], sep="\n", end="\n" if config["aside"] else "")
    claims = read_claims(config)
    if claims.claims:
        print(f"claims.yaml: {len(claims.claims)} claims, {len(claims.hypotheses)} hypotheses")
    if entries := read_entries(config):
        print(f"numbers.yaml: {len(entries)} numbers")
    description = describe_study(study)
    rows = sum(table["rows"] for table in description["tables"].values())
    print(
        f"config and data are in order: {len(description['tables'])} tables, {rows} rows, "
        f"data hash {description['data_hash'][:12]}"
    )


if __name__ == "__main__":
    run_command(arguments("Check config and data in seconds and compute nothing.").parse_args(), check)
