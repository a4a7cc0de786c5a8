"""Tables as Markdown, for README files and issues."""

from evenfield.shared.tables.table import Line, Table, grid

RULES = {"left": ":---", "right": "---:", "center": ":---:"}
SPECIAL = str.maketrans({mark: f"\\{mark}" for mark in "\\|*_`<>["})


def escape_markdown(plain: str) -> str:
    """Escape the characters that would break a pipe table or become emphasis."""
    return " ".join(plain.split()).translate(SPECIAL)


def table_markdown(table: Table) -> str:
    """Write a table as a pipe table with its title above and its note beneath."""
    body = grid(table)
    rule = [RULES[column.align] for column in table.columns]
    head = [escape_markdown(column.header) for column in table.columns]
    lines = [_row(line, len(head)) for line in body.lines]
    note = [escape_markdown(" ".join(body.note)), ""] if body.note else []
    return "\n".join(
        [
            f"**{table.id}. {escape_markdown(table.title)}**",
            "",
            _pipes(head),
            _pipes(rule),
            *lines,
            "",
            *note,
        ]
    )


def _row(line: Line, width: int) -> str:
    if line.cells:
        return _pipes([escape_markdown(cell.text) for cell in line.cells])
    # Pipe tables have no cell that spans columns.
    return _pipes([f"**{escape_markdown(line.group)}**", *[""] * (width - 1)])


def _pipes(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
