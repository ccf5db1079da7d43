#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `ci/check.sh board` makes of a run on a board: which tests did not finish there, and the row of
the table in docs/boards.md.

    boards.py unfinished build/aarch64/ctest.xml
    boards.py row --tests build/aarch64/ctest.xml --table docs/boards.md digits_int8.json ...
"""

import argparse
import datetime
import json
import os
import pathlib
import re
import sys
import typing
import xml.etree.ElementTree

Json = typing.Dict[str, typing.Any]
TABLE, ROW = "| Date |", "|"
LOST = re.compile(r"did not (finish|start): no connection")
# A column each; a model is known by its file's name, or its folder's where that is model.tflite.
MODELS = ["digits_int8", "digits_float", "person_detect_int8", "resnet8_float",
          "mobilenet_v2_1.0_224_int8"]
ABSENT = "-"


class Outcome(typing.NamedTuple):
    passed: int
    failed: int
    skipped: int
    unfinished: typing.List[str]


def outcome(report: pathlib.Path) -> Outcome:
    """Of a report of ctest."""
    passed = failed = skipped = 0
    unfinished = []
    for case in xml.etree.ElementTree.parse(report).iter("testcase"):
        if case.get("status") == "run":
            passed += 1
        elif case.find("skipped") is not None or case.get("status") == "disabled":
            skipped += 1
        else:
            failed += 1
            if LOST.search(case.findtext("system-out") or ""):
                unfinished.append(case.get("name") or "")
    return Outcome(passed, failed, skipped, unfinished)


def model_name(path: str) -> str:
    file = pathlib.PurePosixPath(path)
    return file.parent.name if file.name == "model.tflite" else file.stem


def cell(text: typing.Any) -> str:
    """Boards say their names themselves."""
    return re.sub(r"[^ -~]", "", str(text)).replace("|", "/").strip() or ABSENT


def milliseconds(result: Json) -> str:
    median = "%.3g ms" % (result["times"]["median_us"] / 1000)
    return median + " (?)" if result["warnings"] else median


def row(benches: typing.List[Json], tests: Outcome, date: str) -> str:
    first = benches[0]
    board, build = first["board"], first["build"]
    clock = board.get("highest_clock_hz")
    cores = "%d x %s" % (board["cpus"], " + ".join(board["cores"]) or "?")
    times = {model_name(b["model"]): milliseconds(b["results"][0]) for b in benches}
    said = "%d passed" % tests.passed
    said += "".join(", %d %s" % (n, what) for n, what in
                    ((tests.failed, "failed"), (tests.skipped, "skipped")) if n)
    cells = [date, board.get("model") or ABSENT, cores,
             "%d MHz" % (clock / 1e6) if clock else ABSENT, board.get("governor") or ABSENT,
             "%s, %s" % (build["version"], build["isa"]), said]
    return "| %s |\n" % " | ".join(map(cell, cells + [times.get(m, ABSENT) for m in MODELS]))


def append(table: pathlib.Path, line: str) -> None:
    """To the one table of the document, which is replaced as a whole."""
    lines = table.read_text(encoding="utf-8").splitlines(keepends=True)
    first = next((i for i, text in enumerate(lines) if text.startswith(TABLE)), None)
    if first is None:
        raise SystemExit("%s has no table that begins with '%s'" % (table, TABLE))
    end = first
    while end < len(lines) and lines[end].startswith(ROW):
        end += 1
    part = table.with_name(".%s.%d" % (table.name, os.getpid()))
    part.write_text("".join(lines[:end] + [line] + lines[end:]), encoding="utf-8")
    os.replace(part, table)


def read_bench(path: pathlib.Path) -> Json:
    try:
        bench = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SystemExit("%s: %s" % (path, error)) from None
    if not isinstance(bench, dict) or bench.get("format") != "pipit-bench":
        raise SystemExit("%s is no result of pipit bench --json" % path)
    return bench


def main() -> int:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    verbs = arguments.add_subparsers(dest="verb", required=True)
    unfinished = verbs.add_parser("unfinished")
    unfinished.add_argument("report", type=pathlib.Path)
    new_row = verbs.add_parser("row")
    new_row.add_argument("--tests", type=pathlib.Path, required=True)
    new_row.add_argument("--table", type=pathlib.Path, required=True)
    new_row.add_argument("results", type=pathlib.Path, nargs="+")
    given = arguments.parse_args()
    if given.verb == "unfinished":
        names = outcome(given.report).unfinished
        for name in names:
            print("did not finish: " + name)
        return int(bool(names))
    line = row([read_bench(p) for p in given.results], outcome(given.tests),
               datetime.date.today().isoformat())
    append(given.table, line)
    print(line, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
