# SPDX-License-Identifier: Apache-2.0
"""What callers pass, checked before it reaches the C interface, which takes numbers of a fixed size."""

from __future__ import annotations

import operator
import typing

from . import _library as c
from . import _types as types

np = types.np

_MOST = 2**31 - 1


def integer(value: typing.Any, what: str) -> int:
    """As an int.

    Raises:
      TypeError: it is none.
    """
    try:
        return operator.index(value)
    except TypeError:
        hint = '; details have it under "index"' if isinstance(value, dict) else ""
        raise TypeError("%s should be an integer, not %s%s"
                        % (what, type(value).__name__, hint)) from None


def between(value: typing.Any, low: int, high: int, what: str) -> int:
    """An integer in that range.

    Raises:
      TypeError: it is none.
      ValueError: it is another.
    """
    number = integer(value, what)
    if not low <= number <= high:
        raise ValueError("%s should be from %d to %d, not %d" % (what, low, high, number))
    return number


def shape(size: typing.Any) -> tuple[int, ...]:
    """A shape: a sequence of sizes.

    Raises:
      TypeError: it is none, or has anything but whole numbers.
      ValueError: it has too many dimensions, or a size that no tensor has.
    """
    if np is not None and np.ndim(size) != 1:
        raise ValueError("Shape should be 1D instead of %d." % np.ndim(size))
    try:
        sizes = list(size)
    except TypeError:
        raise TypeError("a shape should be a sequence of integers, not %s"
                        % type(size).__name__) from None
    if len(sizes) > c.MAX_RANK:
        raise ValueError("Shape has %d dimensions; at most %d are possible."
                         % (len(sizes), c.MAX_RANK))
    return tuple(between(_whole(n), 0, _MOST, "a size of a shape") for n in sizes)


def _whole(number: typing.Any) -> typing.Any:
    """Without a fraction that is zero."""
    is_whole = getattr(number, "is_integer", None)
    return int(number) if is_whole is not None and is_whole() else number


def text(value: typing.Any, what: str) -> str:
    """A str.

    Raises:
      TypeError: it is none.
    """
    if not isinstance(value, str):
        raise TypeError("%s should be a str, not %s" % (what, type(value).__name__))
    return value
