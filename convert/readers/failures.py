# SPDX-License-Identifier: Apache-2.0
"""Gathers what a graph has that cannot be converted, so that one error names all of it."""

from __future__ import annotations

import contextlib
import typing

from ..format.graph import ConvertError

MOST_NAMED = 20
# What handlers of damaged graphs run into: numpy's and Python's own complaints about values.
_DAMAGE = (ValueError, IndexError, KeyError, TypeError, ArithmeticError, AttributeError,
           StopIteration, AssertionError, MemoryError)


class Failures:
    """Unsupported operators with their nodes' names, and nodes that fail for other reasons."""

    def __init__(self) -> None:
        self._kinds: dict[str, list[str]] = {}
        self._reasons: list[str] = []

    def unsupported(self, kind: str, node: str) -> None:
        self._kinds.setdefault(kind, []).append(node)

    @contextlib.contextmanager
    def node(self, kind: str, name: str) -> typing.Iterator[None]:
        try:
            yield
        except ConvertError as error:
            self._reasons.append("node '%s' (%s): %s" % (name, kind, error))
        except _DAMAGE as error:
            said = str(error).splitlines()
            self._reasons.append("node '%s' (%s): makes no sense: %s" % (
                name, kind, said[0] if said else type(error).__name__))

    def any(self) -> bool:
        return bool(self._kinds or self._reasons)

    def check(self) -> None:
        """Raises an error with everything, if there is anything."""
        if not self.any():
            return
        parts = ["unsupported operator %s (%s)" % (kind, _some(["'%s'" % n for n in names], 4))
                 for kind, names in sorted(self._kinds.items())]
        raise ConvertError(_printable(_some(parts + self._reasons, MOST_NAMED, "; ")))


def _some(items: list[str], most: int, between: str = ", ") -> str:
    more = ["and %d more" % (len(items) - most)] if len(items) > most else []
    return between.join(items[:most] + more)


def _printable(text: str) -> str:
    """Names come from the file: no control characters, no line breaks."""
    return "".join(c if c.isprintable() else "?" for c in text)[:4000]
