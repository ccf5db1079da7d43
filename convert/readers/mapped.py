# SPDX-License-Identifier: Apache-2.0
"""The bytes of a file, which stay in it until they are looked at."""

from __future__ import annotations

import mmap
import pathlib
import weakref

from ..format.graph import ConvertError

_open: weakref.WeakSet[mmap.mmap] = weakref.WeakSet()


def mapped(path: pathlib.Path, name: str) -> memoryview:
    """`name` is what errors call the file."""
    try:
        with open(path, "rb") as file:
            if not path.stat().st_size:
                return memoryview(b"")
            found = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            _open.add(found)
            return memoryview(found)
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else str(error)
        raise ConvertError("%s cannot be read: %s" % (name, said)) from None


def let_go() -> None:
    """What has been looked at need not stay in memory: it is read again when it is wanted."""
    for each in list(_open):
        if hasattr(each, "madvise"):
            each.madvise(mmap.MADV_DONTNEED)
