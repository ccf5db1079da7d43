# SPDX-License-Identifier: Apache-2.0
"""Reads an HDF5 file of Keras in a process of its own: libhdf5 can be made to crash by a file, and
what a stranger's file does there stays there.

The process (this file run as a program) writes a line of JSON that says what is coming, then the
arrays' bytes one after the other.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import subprocess
import sys
import typing

import numpy as np

MAX_BYTES = 1 << 31  # of all weights: a .tflite file cannot have more
MAX_TEXT = 1 << 28
MAX_ARRAYS = 200_000
MAX_DEPTH = 100
MAX_SECONDS = 300  # of computing
# Finds h5py where this process would, and not this folder's modules in the place of others.
_PROGRAM = ("import json, runpy, sys; sys.path[:] = json.loads(sys.argv[2]); "
            "runpy.run_path(sys.argv[1], run_name='__main__')")
_TEXTS = ("model_config", "keras_version")
NEEDS = "Keras' HDF5 files need Python's package h5py (Debian: python3-h5py)"


@dataclasses.dataclass
class File:
    """Texts of the root; {group: names in its attribute weight_names}; {path: array}."""

    texts: dict[str, str]
    names: dict[str, list[str]]
    arrays: dict[str, np.ndarray[typing.Any, typing.Any]]


class Unreadable(ValueError):
    """One line on what is wrong with the file."""


# ---- in the process of its own -------------------------------------------------------------------


def dump(path: str, write: typing.Callable[[bytes], typing.Any]) -> None:
    """Raises Unreadable, or whatever h5py raises."""
    import h5py  # type: ignore[import]

    with h5py.File(path, "r") as file:
        texts = {key: _text(file.attrs[key]) for key in _TEXTS if key in file.attrs}
        root = file["model_weights"] if "model_weights" in file else file
        names: dict[str, list[str]] = {}
        found: list[typing.Any] = []
        _walk(h5py, root, "", names, found, 0)
        _check(found)
        write(json.dumps({"texts": texts, "names": names, "arrays": [
            [path, str(each.dtype), list(each.shape)] for path, each in found]}).encode() + b"\n")
        for _, each in found:
            for part in _parts(each):
                write(np.ascontiguousarray(part).tobytes())


def _text(value: typing.Any) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    if len(text) > MAX_TEXT:
        raise Unreadable("a text in it is too long")
    return text


def _list(attributes: typing.Any, name: str) -> list[str]:
    """Words; a list that is too long for one attribute goes on in others with numbers."""
    if name in attributes:
        return [_text(each) for each in attributes[name]]
    found: list[str] = []
    part = 0
    while name + str(part) in attributes and len(found) < MAX_ARRAYS:
        found += [_text(each) for each in attributes[name + str(part)]]
        part += 1
    return found


def _walk(h5py: typing.Any, group: typing.Any, path: str, names: dict[str, list[str]],
          found: list[typing.Any], depth: int) -> None:
    if depth > MAX_DEPTH or len(found) + len(names) > MAX_ARRAYS:
        raise Unreadable("it has too many groups in each other")
    names[path] = _list(group.attrs, "weight_names")
    for key in group:
        # Links into other files would read what the user did not name.
        link = group.get(key, getlink=True)
        if not isinstance(link, h5py.HardLink):
            raise Unreadable("it has links to elsewhere")
        each = group[key]
        inside = "%s/%s" % (path, key) if path else key
        if isinstance(each, h5py.Group):
            _walk(h5py, each, inside, names, found, depth + 1)
        elif isinstance(each, h5py.Dataset) and each.dtype.kind in "fiub":
            found.append((inside, each))


def _check(found: list[typing.Any]) -> None:
    """Sizes before anything is read: compressed data cannot be smaller than a thousandth."""
    total = 0
    for path, each in found:
        size = math.prod(each.shape) * each.dtype.itemsize
        stored = each.id.get_storage_size()
        if size > MAX_BYTES or size > 1100 * stored or (each.external or each.is_virtual):
            raise Unreadable("%s says it has %d bytes, and %d are there" % (path, size, stored))
        total += size
    if total > MAX_BYTES:
        raise Unreadable("it has %d bytes of weights, and a .tflite file can have %d"
                         % (total, MAX_BYTES))


def _parts(each: typing.Any) -> typing.Iterator[typing.Any]:
    """A few rows at a time."""
    if not each.shape or not each.size:
        yield each[()]
        return
    row = max(each.size // each.shape[0] * each.dtype.itemsize, 1)
    step = max((1 << 22) // row, 1)
    for start in range(0, each.shape[0], step):
        yield each[start:start + step]


def _main(path: str) -> int:
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_SECONDS, MAX_SECONDS))
    out = sys.stdout.buffer
    try:
        dump(path, out.write)
        out.flush()
    except ImportError:
        print(NEEDS, file=sys.stderr)
        return 6
    except Exception as error:  # h5py raises many kinds for a damaged file
        print(" ".join(str(error).split())[:300] or type(error).__name__, file=sys.stderr)
        return 3
    return 0


# ---- in the process that wants it ----------------------------------------------------------------


def read(path: str | os.PathLike[str]) -> File:
    """Raises Unreadable, or ImportError without h5py."""
    command = [sys.executable or "python3", "-c", _PROGRAM, os.path.abspath(__file__),
               json.dumps(sys.path), os.fspath(path)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as child:
        assert child.stdout is not None and child.stderr is not None
        try:
            made = parse(child.stdout)
            failure = None
        except (ValueError, KeyError, TypeError, EOFError) as error:
            made, failure = None, error
            child.kill() if child.poll() is None and not isinstance(error, EOFError) else None
        said = child.stderr.read(4096).decode("utf-8", "replace").strip()
        child.stdout.close()
        status = child.wait()
    if status == 6:
        raise ImportError(said)
    if made is None or status != 0:
        raise Unreadable("libhdf5 cannot read it: %s" % _why(status, said, failure))
    return made


def _why(status: int, said: str, failure: Exception | None) -> str:
    if said:
        return said.splitlines()[-1]
    if status < 0:
        return "it crashes on it (signal %d)" % -status
    return str(failure or "it says nothing")


def parse(stream: typing.IO[bytes]) -> File:
    """What dump() writes."""
    line = stream.readline(MAX_TEXT * 2)
    if not line.endswith(b"\n"):
        raise EOFError("the file's description is cut short")
    head = json.loads(line)
    arrays = {}
    for path, dtype, shape in head["arrays"]:
        values = np.empty(shape, np.dtype(dtype))
        flat: typing.Any = values.reshape(-1).view(np.uint8)
        view = memoryview(flat) if values.size else memoryview(b"")
        done = 0
        while done < len(view):
            count = stream.readinto(view[done:])  # type: ignore[attr-defined]
            if not count:
                raise EOFError("the file's weights are cut short")
            done += count
        arrays[path] = values
    return File(head["texts"], head["names"], arrays)


if __name__ == "__main__":
    sys.exit(_main(sys.argv[-1]))
