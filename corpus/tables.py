"""Reading hand-edited CSV tables into typed rows, with errors an editor can act on."""

from __future__ import annotations

import csv
import io
from dataclasses import fields
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from corpus.errors import CorpusError, CorpusRowError

Row = TypeVar("Row")


def read_text(path: Path, *, newlines: bool = False) -> str:
    """The file as UTF-8 text, or one clear error; a byte order mark is dropped.

    With ``newlines`` line ends stay as they are in the file, so that offsets are the file's own.
    """
    try:
        return path.read_bytes().decode("utf-8-sig") if newlines else path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise CorpusError(f"{path.name} is missing from the folder {path.parent.name!r}.") from error
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise CorpusError(f"{path.name}, line {line}: the file is not UTF-8 text; save it as UTF-8.") from error
    except OSError as error:
        raise CorpusError(f"{path.name} cannot be read: {error.strerror}.") from error


def read_table(path: Path, row_type: type[Row], *, text: str | None = None) -> list[tuple[int, Row]]:
    """Rows of a CSV table as ``row_type``, each with its line number in the file.

    The header must hold exactly the field names of ``row_type``, in any order.
    Empty cells become None where the type allows it. Cells are stripped.

    Raises:
        CorpusRowError: a column is missing or unknown, or a value is not allowed.
    """
    columns = [f.name for f in fields(row_type)]  # type: ignore[arg-type]
    optional = {f.name for f in fields(row_type) if "None" in str(f.type)}  # type: ignore[arg-type]
    adapter = TypeAdapter(row_type)
    reader = csv.reader(io.StringIO(text if text is not None else read_text(path)), strict=True)
    rows: list[tuple[int, Row]] = []
    header: list[str] | None = None
    while True:
        first_line = reader.line_num + 1
        try:
            values = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            raise CorpusRowError(path, first_line, "(whole row)", "", f"a well-formed CSV row ({error})") from error
        if not any(v.strip() for v in values):
            continue
        if header is None:
            header = [v.strip() for v in values]
            if sorted(header) != sorted(columns):
                wrong = [v for v in header if v not in columns] or [c for c in columns if c not in header]
                raise CorpusRowError(path, first_line, wrong[0], ",".join(header), f"the columns {','.join(columns)}")
            continue
        if len(values) != len(header):
            found = f"{len(values)} cells"
            raise CorpusRowError(path, first_line, "(whole row)", found, f"{len(header)} cells, one for each column")
        cells: dict[str, str | None] = {k: v.strip() for k, v in zip(header, values, strict=True)}
        for name in optional:
            cells[name] = cells[name] or None
        try:
            rows.append((first_line, adapter.validate_python(cells)))
        except ValidationError as error:
            first = error.errors()[0]
            column = str(first["loc"][0]) if first["loc"] else "(whole row)"
            allowed = (
                first["msg"].removeprefix("Input should be ").removesuffix(", unable to parse string as an integer")
            )
            raise CorpusRowError(path, first_line, column, cells.get(column), allowed) from error
    if header is None:
        raise CorpusRowError(path, 1, "(header)", "", f"the columns {','.join(columns)}")
    return rows
