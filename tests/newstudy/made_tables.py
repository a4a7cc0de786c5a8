"""Tables of a case, made and written. Import: ``from newstudy.made_tables import write``.

A table is text as it stands in its file, or rows by unit and year with a list by unit or a
formula for each column.
"""

import io
import json

import geopandas
import numpy as np
import pandas as pd
import yaml


def expanded(path):
    """The cases of a file by name; one with ``each`` stands for several."""
    for name, case in yaml.safe_load(path.read_text()).items():
        values = case.pop("each", [""]) if name != "panels" else []
        for number, value in enumerate(values, 1):
            inserted = json.dumps(value, ensure_ascii=False)[1:-1]
            text = json.dumps(case, ensure_ascii=False).replace("{each}", inserted)
            shown = inserted if len(inserted) < 40 else number
            yield f"{name} {shown}".strip(), json.loads(text)


def listed(value):
    return value if isinstance(value, list) else [value]


def rows_of(table):
    """Rows by unit and year; formulas know i (the number of the unit), year and the
    columns before them.
    """
    columns = [*table["columns"].items(), *table.get("add", {}).items()]
    first, last = table["years"]
    years = range(first, last + 1, table.get("step", 1))
    lists = [len(column) for _, column in columns if isinstance(column, list)]
    units = range(1, table.get("count", max(lists, default=0)) + 1)
    keys = pd.MultiIndex.from_product([units, years], names=["i", "year"])
    frame = keys.to_frame(index=False)
    for name, column in columns:
        if isinstance(column, list):
            frame[name] = [column[i - 1] for i in frame["i"]]
        else:
            frame[name] = eval(column, {"np": np}, dict(frame.items()))
    shown = [name for name in dict(columns) if name not in table.get("drop", ())]
    return frame.query(table.get("rows", "i > 0"))[shown]


def frame_of(table):
    """Rows by unit and year as the table wants them arranged."""
    if "text" in table:
        return pd.read_csv(io.StringIO(table["text"]))
    frame = rows_of(table)
    more = pd.DataFrame(table.get("more", []), columns=frame.columns)
    frame = pd.concat([frame, more]) if len(more) else frame
    if "wide" in table:
        others = [name for name in frame if name not in ("year", table["wide"])]
        frame = frame.pivot(index=others, columns="year", values=table["wide"])
        frame = frame.add_prefix(table["before"]).reset_index()
    if table.get("shuffled"):
        frame = frame.sample(frac=1, random_state=1)[frame.columns[::-1]]
    return frame.rename(columns=table.get("rename", {})).sort_values(
        table.get("sort", []), kind="stable"
    )


def square(x, y, size=1):
    ring = [[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


def feature(one):
    """A feature of a map: a square ``at`` a place, the other entries as properties."""
    if not isinstance(one, dict):
        return one
    geometry = square(*one.pop("at")) if "at" in one else one.pop("geometry", None)
    own_id = {"id": one.pop("feature id")} if "feature id" in one else {}
    properties = {"properties": one or None, "geometry": geometry}
    return {"type": "Feature", **properties, **own_id}


def features_of(table):
    if "features" in table:
        return list(map(feature, table["features"]))
    records = frame_of(table["records"]).to_dict("records")
    turn = table.get("turn", len(records))  # after which places come again
    if table.get("places", True):
        records = [one | {"at": [i % turn, 50]} for i, one in enumerate(records)]
    return list(map(feature, records))


def write(path, table):
    """Write a table in the form that the ending of its file says."""
    table = {"text": table} if isinstance(table, str) else table
    if "features" in table or "records" in table:
        features = features_of(table)
        if path.suffix == ".shp":
            frame = geopandas.GeoDataFrame.from_features(features, crs=4326)
            frame.to_crs(3035).to_file(path)
        content = {"type": "FeatureCollection", "features": features}
        if path.suffix != ".shp":
            path.write_text(json.dumps(content))
    elif "sheets" in table:
        with pd.ExcelWriter(path) as book:
            for name, text in table["sheets"].items():
                frame_of({"text": text}).to_excel(book, sheet_name=name, index=False)
    elif path.suffix == ".xlsx":
        frame_of(table).to_excel(path, index=False, header=table.get("header", True))
    elif path.suffix == ".dta":
        frame_of(table).to_stata(
            path, write_index=False, variable_labels=table.get("labels")
        )
    else:
        text = table.get("text", "")
        if "columns" in table:
            text = frame_of(table).to_csv(**{"index": False} | table.get("as", {}))
        text = f"{table.get('above', '')}{text}{table.get('below', '')}"
        text = text.replace("|", "\t") if table.get("tabs") else text
        path.write_text(text, encoding=table.get("encoding", "utf-8"))
