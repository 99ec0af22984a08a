"""Tables in a dozen dialects, read by pandas and by wheatstone, value for value.

Usage: tables.py PROGRAM FOLDER [--seed N]

Writes each dialect with a classification and with a regression into FOLDER. pandas is told the dialect; the program finds
it out by itself (`wheatstone data export FILE`), save for a missing header and for what is to become of missing cells. Truth values
become 0 and 1, texts one column for each of more than two. Prints a line for each table; ends in 1 if any differs.
"""

import argparse
import csv
import gzip
import io
import json
import pathlib
import subprocess
import sys

import numpy as np
import pandas as pd

ROWS = 60


def table(kind, random):
    """A table as a program would hold it."""
    frame = pd.DataFrame(
        {
            "count": random.integers(-50, 1000, ROWS),
            "length": random.normal(0, 1, ROWS),
            "tiny": random.normal(0, 1e-7, ROWS),
            "large": np.round(random.uniform(-1e9, 1e9, ROWS), 3),
            "tenths": np.round(random.uniform(-9, 9, ROWS), 1),
            "flag": random.choice([True, False], ROWS),
            "colour": random.choice(["red, dark", "blue; light", "green|grey"], ROWS),
            "sex": random.choice(["m", "f"], ROWS),
        }
    )
    if kind == "classification":
        frame["species"] = random.choice(["alba", "nigra rubra", "rubra"], ROWS)
    else:
        frame["target"] = random.normal(20, 300, ROWS)
    return frame


def quoted(frame, before):
    """Every text in quotes, `before` each quote."""
    lines = [",".join(before + f'"{name}"' for name in frame.columns)]
    for row in frame.itertuples(index=False):
        cells = [before + f'"{cell}"' if isinstance(cell, str) else before + str(cell) for cell in row]
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n"


def blanks(frame):
    """Columns under each other, as fixed-width programs write them."""
    cells = [list(frame.columns)] + [[str(cell) for cell in row] for row in frame.itertuples(index=False)]
    cells = [[f'"{cell}"' if " " in cell else cell for cell in row] for row in cells]
    widths = [max(len(row[column]) for row in cells) for column in range(len(frame.columns))]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths)) for row in cells) + "\n"


def row_names(frame):
    """As R's write.table: one name less than a row has cells."""
    lines = [" ".join(f'"{name}"' for name in frame.columns)]
    for number, row in enumerate(frame.itertuples(index=False), 1):
        cells = [f'"{cell}"' if isinstance(cell, str) else str(cell) for cell in row]
        lines.append(" ".join([f'"{number}"'] + cells))
    return "\n".join(lines) + "\n"


def commented(text):
    lines = text.splitlines()
    return "\n".join(["# measured in May", "#"] + lines[:5] + ["# 1,2,3 was wrong", ""] + lines[5:]) + "\n"


def gaps(frame, random):
    """The same with marks for missing values, three rows of them."""
    frame = frame.astype(object).copy()
    for row, column, mark in [(3, "length", "NA"), (17, "colour", ""), (40, "count", "NaN")]:
        frame.loc[row, column] = mark
    return frame


def to_csv(frame, **options):
    return frame.to_csv(index=False, **options)


def dialects(frame, random):
    """Name, bytes of the file, what pandas is told, what the program is told."""
    plain = to_csv(frame)
    yield "comma", plain, {}, []
    yield "semicolon, decimal comma", to_csv(frame, sep=";", decimal=","), {"sep": ";", "decimal": ","}, []
    yield "tab", to_csv(frame, sep="\t"), {"sep": "\t"}, []
    yield "bar", to_csv(frame, sep="|"), {"sep": "|"}, []
    yield "blanks", blanks(frame), {"sep": r"\s+"}, []
    yield "blanks before quotes", quoted(frame, " "), {"skipinitialspace": True}, []
    yield "mark, CRLF", "\ufeff" + plain.replace("\n", "\r\n"), {"encoding": "utf-8-sig"}, []
    yield "CR", plain.replace("\n", "\r"), {"lineterminator": "\r"}, []
    yield "gzip", gzip.compress(plain.encode(), mtime=0), {"compression": "gzip"}, []
    yield "comments", commented(plain), {"comment": "#"}, []
    yield "index of pandas", frame.to_csv(), {"index_col": 0}, []
    yield "row names of R", row_names(frame), {"sep": " "}, []
    names = [f"c{number}" for number in range(1, len(frame.columns) + 1)]
    target = ["--no-header", "--target", names[-1]]
    yield "no header", to_csv(frame, header=False), {"header": None, "names": names}, target
    yield "missing cells", to_csv(gaps(frame, random)), {"na_values": ["?", "-"], "drop": True}, ["--missing", "drop"]


def pandas_reads(path, options):
    """Names and columns of features as the program makes them, and the target."""
    drop = options.pop("drop", False)
    frame = pd.read_csv(path, **options)
    if drop:
        frame = frame.dropna().infer_objects()
    names, columns = [], []
    for name in frame.columns[:-1]:
        column = frame[name]
        if column.dtype == bool:
            names.append(name)
            columns.append(column.astype(float))
        elif pd.api.types.is_numeric_dtype(column):
            names.append(name)
            columns.append(column.astype(float))
        else:
            texts = sorted(column.unique())
            for text in texts if len(texts) > 2 else texts[1:]:
                names.append(f"{name}={text}")
                columns.append((column == text).astype(float))
    return names, np.column_stack(columns), frame.iloc[:, -1].to_list()


def program_reads(program, path, arguments):
    command = [program, "data", "export", str(path), "--json", "--quiet", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise ValueError(done.stderr.strip())
    rows = list(csv.reader(io.StringIO(json.loads(done.stdout)["csv"])))
    features = np.array([[float(cell) for cell in row[:-1]] for row in rows[1:]])
    return rows[0][:-1], features, [row[-1] for row in rows[1:]]


def difference(ours, theirs, kind):
    """The first thing that differs, or nothing."""
    (names, features, target), (their_names, their_features, their_target) = ours, theirs
    if names != their_names:
        return f"columns {names} and {their_names}"
    if features.shape != their_features.shape:
        return f"shapes {features.shape} and {their_features.shape}"
    for row, column in np.argwhere(features != their_features):
        return f"row {row}, {names[column]}: {features[row, column]!r} and {their_features[row, column]!r}"
    if kind == "regression":
        target = [float(cell) for cell in target]
    for row, (cell, their_cell) in enumerate(zip(target, their_target)):
        if cell != their_cell:
            return f"target of row {row}: {cell!r} and {their_cell!r}"
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(args.seed)
    compared = different = 0
    for kind in ["classification", "regression"]:
        frame = table(kind, random)
        for number, (name, contents, options, arguments) in enumerate(dialects(frame, random), 1):
            path = args.folder / f"{kind}-{number}.csv{'.gz' if name == 'gzip' else ''}"
            path.write_bytes(contents if isinstance(contents, bytes) else contents.encode())
            theirs = pandas_reads(path, options)
            try:
                found = difference(program_reads(args.program, path, arguments), theirs, kind)
            except ValueError as refused:
                found = f"refused: {refused}"
            rows, columns = theirs[1].shape
            print(f"{kind:<15} {name:<26} {rows} x {columns}  {found or 'equal'}")
            compared += 1
            different += found is not None
    print(f"{compared - different} of {compared} tables are read as pandas {pd.__version__} reads them")
    sys.exit(different > 0)


if __name__ == "__main__":
    main()
