"""Name the targets, specifications, tables and figures of the study."""

from evenfield.report.exhibits import words_of_exhibits
from study import arguments, run_command


def show(config: dict) -> None:
    """Print what can be asked for."""
    print(
        f"study {config['study']['id']}: {config['study']['title']}\n\n"
        "targets: all, results/estimates.csv, results/numbers.json\n"
        "         results/report/index.html, results/report/paper.pdf,"
        " results/report/appendix.pdf\n"
        "         any file under results/, for example results/tables/T6.csv\n\n"
        "specifications"
    )
    for family, section in config["estimates"].items():
        names = ["(one)"]
        if isinstance(section, list):
            names = [item["id"] for item in section]
        print(f"  {family:10s} {', '.join(names)}")
    print(f"\nperiods         {', '.join(config['periods'])}")
    print(f"unit schemes    {', '.join(config['panel']['unit_schemes'])}")
    print(f"weights         {', '.join(config['weights']['families'])}")
    print(f"taxonomies      {', '.join(config['taxonomy']['all'])}")
    for name, folder in config["beside"].items():
        print(f"study beside    {name}: {folder}")
    words = words_of_exhibits(config)
    for kind in ("tables", "figures"):
        print(f"\n{kind}")
        for name in config[kind]:
            print(f"  {name:5s} {words[name]['title']}")


if __name__ == "__main__":
    run_command(arguments(str(__doc__)).parse_args(), show)
