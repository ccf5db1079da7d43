# SPDX-License-Identifier: Apache-2.0
"""The bytes of a file, which stay in it until they are looked at."""

from __future__ import annotations

import mmap
import pathlib

from ..format.graph import ConvertError


def mapped(path: pathlib.Path, name: str) -> memoryview:
    """`name` is what errors call the file."""
    try:
        with open(path, "rb") as file:
            if not path.stat().st_size:
                return memoryview(b"")
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else str(error)
        raise ConvertError("%s cannot be read: %s" % (name, said)) from None
