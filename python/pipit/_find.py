# SPDX-License-Identifier: Apache-2.0
"""Finds a shared library and loads it: beside this file, in a zip file, in a frozen program, or where
the system has it."""

from __future__ import annotations

import ctypes
import glob
import os
import platform
import sys
import tempfile
import typing

NAME = "libpipit.so"
SYSTEM_NAME = "libpipit.so.1"
TFLITE_NAME = "libtensorflowlite_c.so"  # serves delegates that were written for TensorFlow Lite
_FOLDER = os.path.dirname(os.path.abspath(__file__))


def load() -> ctypes.CDLL:
    """The library.

    Raises:
      ImportError: there is none that this Python can load; it names the file and the wheel that fits.
    """
    return _load(NAME, SYSTEM_NAME, "PIPIT_LIBRARY")


def load_tflite() -> ctypes.CDLL:
    """The one with TensorFlow Lite's C interface; raises what load() does."""
    return _load(TFLITE_NAME, TFLITE_NAME, "PIPIT_TFLITE_LIBRARY")


def _load(name: str, system_name: str, variable: str) -> ctypes.CDLL:
    path = os.environ.get(variable) or next((p for p in _places(name) if os.path.isfile(p)), None)
    packed = None if path else _packed(name)
    try:
        if packed is not None:
            return _load_bytes(packed, name)
        return ctypes.CDLL(path or system_name)
    except OSError as error:
        where = path or (os.path.join(_FOLDER, name) if packed is not None else system_name)
        raise ImportError(
            "pipit cannot load its shared library %s: %s. %s" % (where, error, _advice(name)),
            name="pipit", path=where) from None


def _places(name: str) -> typing.Iterator[str]:
    """Where its file may lie; frozen programs have it among theirs."""
    yield os.path.join(_FOLDER, name)
    if getattr(sys, "frozen", False):
        program = os.path.dirname(os.path.abspath(sys.executable))
        for folder in (getattr(sys, "_MEIPASS", program), program, os.path.join(program, "lib")):
            yield os.path.join(folder, "pipit", name)
            yield os.path.join(folder, name)


def _packed(name: str) -> bytes | None:
    """The library's bytes when this package was imported from a zip file that has it."""
    get_data = getattr(globals().get("__loader__"), "get_data", None)
    try:
        return bytes(get_data(os.path.join(_FOLDER, name))) if get_data is not None else None
    except OSError:
        return None


def _load_bytes(library: bytes, name: str) -> ctypes.CDLL:
    """By way of memory that has a name; of a file for a moment where the system has no such memory."""
    try:
        descriptor = os.memfd_create(name)
    except (AttributeError, OSError):
        with tempfile.NamedTemporaryFile(suffix=name) as file:
            file.write(library)
            file.flush()
            return ctypes.CDLL(file.name)
    with open(descriptor, "wb") as memory:
        memory.write(library)
        memory.flush()
        return ctypes.CDLL("/proc/%d/fd/%d" % (os.getpid(), descriptor))


_WHEELS = {"x86_64", "aarch64", "armv7l"}


def _machine() -> str:
    """Of this Python, which may be a 32-bit one on a 64-bit system."""
    machine = platform.machine()
    if sys.maxsize > 2**32:
        return machine
    return {"aarch64": "armv7l", "armv8l": "armv7l", "x86_64": "i686"}.get(machine, machine)


def _c_library() -> str:
    name, version = platform.libc_ver()
    if not name and glob.glob("/lib/ld-musl-*"):
        name = "musl"
    return " ".join(filter(None, (name or "an unknown C library", version)))


def _advice(name: str = NAME) -> str:
    machine = _machine()
    if machine in _WHEELS:
        package = "libpipit1" if name == NAME else "libpipit-tensorflowlite-c"
        fitting = ("the wheel that fits is pipit_runtime-*_%s.whl, or, from Debian's packages, "
                   "%s for it" % (machine, package))
    else:
        fitting = ("there is no wheel for it: `pip install` builds one from the source "
                   "distribution, for 32-bit ARM from ARMv7 on")
    return "This Python is for %s with %s: %s." % (machine, _c_library(), fitting)
