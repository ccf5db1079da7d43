# SPDX-License-Identifier: Apache-2.0
"""A line on the terminal's error stream that says how far long work has come."""

from __future__ import annotations

import sys
import time
import typing

_Item = typing.TypeVar("_Item")
_FIRST = 1.0  # seconds before there is anything to see
_WIDTH = 30


def progress(items: typing.Iterable[_Item], what: str, total: int
             ) -> typing.Iterator[_Item]:
    """Hands on the items, of which there are `total`, or 0 where nobody knows. What takes more than a
    second gets a line, on a terminal only."""
    start = shown = time.monotonic()
    terminal = sys.stderr is not None and sys.stderr.isatty()
    visible, count = False, 0
    try:
        for count, item in enumerate(items, 1):
            yield item
            now = time.monotonic()
            if terminal and now - start > _FIRST and now - shown > 0.1:
                shown, visible = now, True
                print("\r" + _line(what, count, total, now - start), end="", file=sys.stderr,
                      flush=True)
    finally:
        if visible:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _line(what: str, count: int, total: int, seconds: float) -> str:
    if not total:
        return f"{what}: {count} ({count / seconds:.1f} a second)\x1b[K"
    done = min(_WIDTH, _WIDTH * count // total)
    left = seconds / count * max(0, total - count)
    return f"{what}: [{'#' * done}{'.' * (_WIDTH - done)}] {count}/{total}, {left:.0f} s left\x1b[K"
