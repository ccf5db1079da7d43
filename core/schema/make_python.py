# SPDX-License-Identifier: Apache-2.0
"""Writes the schema as Python data, convert/format/schema.py, for code that reads and writes whole files.

    python3 core/schema/make_python.py          # after a change of tflite.fbs
    python3 core/schema/make_python.py --check  # fails when convert/format/schema.py is out of date

Knows as much of the schema language as tflite.fbs uses.
"""

from __future__ import annotations

import ast
import pathlib
import re
import sys
import textwrap
import typing

SCHEMA = pathlib.Path(__file__).resolve().parent / "tflite.fbs"
MODULE = SCHEMA.parent.parent.parent / "convert" / "format" / "schema.py"

HEAD = '''# SPDX-License-Identifier: Apache-2.0
"""The file format's schema as data. Made by core/schema/make_python.py from tflite.fbs: change those."""

from __future__ import annotations

import typing

'''


def parse(text: str) -> tuple[dict[str, typing.Any], dict[str, typing.Any], dict[str, typing.Any]]:
    """-> enums, unions, tables"""
    text = re.sub(r"//[^\n]*", "", text)
    enums, unions, tables = {}, {}, {}
    for word, name, base, body in re.findall(
            r"(enum|union|table)\s+(\w+)\s*(?::\s*(\w+)\s*)?\{([^}]*)\}", text):
        if word == "enum":
            enums[name] = (base, numbered(body))
        elif word == "union":
            unions[name] = ("NONE", *re.findall(r"\w+", body))
        else:
            tables[name] = tuple(field(each) for each in body.split(";") if each.strip())
    return enums, unions, tables


def numbered(body: str) -> dict[str, int]:
    """An enum's values; one without a number follows the one before."""
    values: dict[str, int] = {}
    for name, number in re.findall(r"(\w+)\s*(?:=\s*(\d+))?", body):
        values[name] = int(number) if number else max(values.values(), default=-1) + 1
    return values


def field(text: str) -> tuple[str, str, typing.Any, int]:
    """name, type, default, alignment of "name: type = default (attributes)"; type "" is deprecated."""
    match = re.match(r"\s*(\w+)\s*:\s*([\w\[\]]+)\s*(?:=\s*(-?\w+)\s*)?(?:\(([^)]*)\))?\s*$", text)
    if match is None:
        sys.exit(f"{SCHEMA.name}: a field that this script cannot read: {text.strip()}")
    name, kind, default, attributes = match.groups()
    align = re.search(r"force_align:\s*(\d+)", attributes or "")
    kind = "" if "deprecated" in (attributes or "") else kind.replace("int32", "int")
    return name, kind, literal(default), int(align.group(1)) if align else 0


def literal(default: str | None) -> typing.Any:
    if default in (None, "true", "false"):
        return {None: None, "true": True, "false": False}[default]
    return ast.literal_eval(default) if re.fullmatch(r"-?\d+", default or "") else default


def entry(name: str, value: object) -> str:
    """One line of a dictionary, or several."""
    text = f"    {name!r}: {value!r},".replace("'", '"')
    return "\n".join(textwrap.wrap(text, 100, subsequent_indent=" " * 8, break_on_hyphens=False))


def module() -> str:
    enums, unions, tables = parse(SCHEMA.read_text(encoding="utf-8"))
    parts = [
        ("# name -> (how it is stored, {value: number})\n"
         "ENUMS: dict[str, tuple[str, dict[str, int]]]", enums),
        ("# name -> tables; the position is the stored code\nUNIONS: dict[str, tuple[str, ...]]",
         unions),
        ("# name -> (field, type, default, alignment of a vector); type \"\": a field no longer used\n"
         "TABLES: dict[str, tuple[tuple[str, str, typing.Any, int], ...]]", tables)]
    return HEAD + "\n\n".join(
        title + " = {\n" + "\n".join(entry(*each) for each in part.items()) + "\n}"
        for title, part in parts) + "\n"


def main() -> None:
    wanted = module()
    if sys.argv[1:] != ["--check"]:
        MODULE.write_text(wanted, encoding="utf-8")
    elif MODULE.read_text(encoding="utf-8") != wanted:
        sys.exit("convert/format/schema.py is out of date: run core/schema/make_python.py")


if __name__ == "__main__":
    main()
