"""Do poorer units grow faster: the implied speed by period."""

from evenfield.shared.words import Findings, Sentence, by_period, listing


def sentences(facts: Findings) -> list[Sentence]:
    """Give the speed without controls, then with the first set of controls."""
    found: list[Sentence] = []
    for plain in (True, False):
        specs = [spec for spec in facts.specs() if plain != bool(spec.get("controls"))][:1]
        for spec in specs:
            rows = facts.rows(
                estimator="ols", effect_type="lambda", spec_id=spec["id"], period=facts.shown("main", "span")
            )
            controls = [facts.config["controls"][name]["label"] for name in spec.get("controls") or ()]
            opening = f"Given {listing(controls)}, the" if controls else "Without controls, the"
            found += by_period(facts, rows, f"{opening} implied speed of convergence", "HC3 standard errors")
    meaning = Sentence(f"A negative speed means that poorer {facts.units} fell further behind.")
    return [*found[:1], meaning, *found[1:]] if found else []
