#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes docs/operators.md from what the conformance cases met.

    conformance_test --isa portable --table portable.json FOLDER
    QEMU_CPU=max qemu-aarch64 conformance_test --isa neon --table neon.json FOLDER   # and so on
    ci/operators.py portable.json neon.json dotprod.json > docs/operators.md
    ci/operators.py --check docs/operators.md portable.json

The first file tells operators, types and cases; the others only add the kernels they chose. --check
compares everything but those with an existing table.
"""
import argparse
import json
import sys

CUSTOM = 32
INTRO = """# Operators

Made by `ci/operators.py` from the conformance cases; not to be edited.

"Types" are those of the data in the cases that pass ("float32 x int8": weights stored as integers). "Cases" are the cases of the operator that pass, models that must be refused included;
"-" stands for an operator that no recorded case covers and unit tests check instead. "ARM kernels"
are the variants that were chosen for these types on 64-bit ARM instead of portable code.

"""
HEAD = ["Operator", "Code", "Types", "Cases", "ARM kernels"]


def arm_kernels(name, tables):
    """'int8: neon, dotprod' for each list of types with kernels for ARM alone."""
    kernels = {}
    for table in tables:
        for types, variants in table[name]["types"].items():
            for variant in variants:
                if variant not in ("", "portable", "blocked"):
                    kernels.setdefault(types, []).append(variant)
    return "; ".join(
        f"{types}: {', '.join(dict.fromkeys(found))}" for types, found in sorted(kernels.items()))


def rows(files):
    """A list of cells for each operator."""
    tables = [{op["name"]: op for op in file["operators"]} for file in files]
    passed = files[0]["passed"]
    found = []
    for name, op in sorted(tables[0].items(), key=lambda item: (item[1]["code"] == CUSTOM, item[0])):
        code = "custom" if op["code"] == CUSTOM else str(op["code"])
        types = ", ".join(sorted(t for t in op["types"] if t))
        cases = str(passed.get(name.lower(), "-"))
        found.append([name, code, types or "-", cases, arm_kernels(name, tables) or "-"])
    return found


def markdown(table):
    lines = [HEAD, ["--"] * len(HEAD)] + table
    return INTRO + "".join("| " + " | ".join(cells) + " |\n" for cells in lines)


def read_rows(path):
    """The rows of a table that markdown() wrote."""
    with open(path, encoding="utf-8") as file:
        lines = [line for line in file if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|\n ").split(" | ")] for line in lines[2:]]


def differences(old, new):
    """What a reader of the old table would be told wrongly; the kernels do not count."""
    old, new = ({row[0]: row[1:4] for row in table} for table in (old, new))
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield f"{name}: {old.get(name, 'missing')}, now {new.get(name, 'gone')}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", metavar="TABLE", help="compare with this table instead")
    parser.add_argument("files", nargs="+", help="what conformance_test --table wrote")
    arguments = parser.parse_args()
    files = []
    for path in arguments.files:
        with open(path, encoding="utf-8") as file:
            files.append(json.load(file))
    if not arguments.check:
        sys.stdout.write(markdown(rows(files)))
        return 0
    found = list(differences(read_rows(arguments.check), rows(files)))
    for line in found:
        print(line)
    if found:
        print(f"{arguments.check} is not up to date: see ci/operators.py")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
