"""Name the targets, specifications, tables and figures of the study."""

from evenfield.shared.topics import exhibit_words
from study import arguments, run_command


def show(config: dict) -> None:
    """Print what can be asked for."""
    print(f"study {config['study']['id']}: {config['study']['title']}")
    print("\ntargets: all, results/estimates.csv, results/numbers.json")
    print(
        "         results/report/index.html, results/report/paper.pdf,"
        " results/report/appendix.pdf"
    )
    print("         any file under results/, for example results/tables/T6.csv")
    print("\nspecifications")
    for family, section in config["estimates"].items():
        names = (
            [item["id"] for item in section] if isinstance(section, list) else ["(one)"]
        )
        print(f"  {family:10s} {', '.join(names)}")
    print(f"\nperiods         {', '.join(config['periods'])}")
    print(f"unit schemes    {', '.join(config['panel']['unit_schemes'])}")
    print(f"weights         {', '.join(config['weights']['families'])}")
    print(f"taxonomies      {', '.join(config['taxonomy']['all'])}")
    words = exhibit_words(config)
    for kind in ("tables", "figures"):
        print(
            "\n".join(
                [
                    f"\n{kind}",
                    *(f"  {name:5s} {words[name]['title']}" for name in config[kind]),
                ]
            )
        )


if __name__ == "__main__":
    run_command(arguments(str(__doc__)).parse_args(), show)
