# SPDX-License-Identifier: Apache-2.0
"""Loads delegates: shared libraries that compute parts of a model. They are written against
pipit/pipit.h (and export pipit_delegate_create), or for TensorFlow Lite (tflite_plugin_create_delegate).
"""

from __future__ import annotations

import ctypes
import os
import typing

from . import _find, _tflite
from . import _library as c

_NAMES = ctypes.POINTER(ctypes.c_char_p)


class Delegate:
    """A loaded library's delegate; `options` are passed as strings."""

    def __init__(self, library: str | os.PathLike[str],
                 options: dict[typing.Any, typing.Any] | None = None) -> None:
        if not isinstance(library, (str, bytes, os.PathLike)):
            raise TypeError("library should be the path of a shared library, not %s"
                            % type(library).__name__)
        self.library = os.fspath(library)
        self._options = dict(options or {})
        self.table: int | None = None  # what an Interpreter hands to Pipit
        self._delegate: int | None = None
        self._destroy: typing.Any = None
        count = len(self._options)
        names = (ctypes.c_char_p * count)(*[str(k).encode() for k in self._options])
        values = (ctypes.c_char_p * count)(*[str(v).encode() for v in self._options.values()])
        self._loaded = self._load()
        if hasattr(self._loaded, "pipit_delegate_create"):
            self._create(names, values, count)
        elif hasattr(self._loaded, "tflite_plugin_create_delegate"):
            self._create_plugin(names, values, count)
        else:
            raise ValueError("It exports neither pipit_delegate_create nor "
                             "tflite_plugin_create_delegate.")

    def _load(self) -> ctypes.CDLL:
        path = os.fsdecode(self.library)
        try:
            return ctypes.CDLL(path)
        except OSError as error:
            if _find.TFLITE_NAME not in str(error):
                raise
            _tflite_library()  # it is linked with that, and finds it once that is loaded
            return ctypes.CDLL(path)

    def _create(self, names: typing.Any, values: typing.Any, count: int) -> None:
        create = self._loaded.pipit_delegate_create
        create.argtypes = [_NAMES, _NAMES, ctypes.c_size_t, ctypes.POINTER(c.Message)]
        create.restype = ctypes.c_void_p
        why = c.Message()
        self.table = self._delegate = create(names, values, count, ctypes.byref(why))
        if self._delegate is None:
            raise ValueError(why.text)
        self._destroy = getattr(self._loaded, "pipit_delegate_destroy", None)
        if self._destroy is not None:
            self._destroy.argtypes, self._destroy.restype = [ctypes.c_void_p], None

    def _create_plugin(self, names: typing.Any, values: typing.Any, count: int) -> None:
        destroy = getattr(self._loaded, "tflite_plugin_destroy_delegate", None)
        if destroy is None:
            raise ValueError("It does not export tflite_plugin_destroy_delegate.")
        _tflite_library()  # without which there is no use for it
        create = self._loaded.tflite_plugin_create_delegate
        report = ctypes.CFUNCTYPE(None, ctypes.c_char_p)
        create.argtypes = [_NAMES, _NAMES, ctypes.c_size_t, report]
        create.restype = ctypes.c_void_p
        said: list[str] = []
        # Kept, for it may be called later, too.
        self._report = report(lambda text: said.append((text or b"").decode("utf-8", "replace")))
        self._delegate = create(names, values, count, self._report)
        if self._delegate is None:
            raise ValueError("".join(said) or "It makes no delegate of these options.")
        self._destroy = destroy
        self._destroy.argtypes, self._destroy.restype = [ctypes.c_void_p], None

    def __reduce__(self) -> tuple[typing.Any, ...]:
        return type(self), (self.library, self._options)

    def __del__(self) -> None:
        if getattr(self, "_delegate", None) is not None and self._destroy is not None:
            self._destroy(self._delegate)

    def _get_native_delegate_pointer(self) -> int | None:
        return self._delegate


def load_delegate(library: str | os.PathLike[str],
                  options: dict[typing.Any, typing.Any] | None = None) -> Delegate:
    """A Delegate.

    Raises:
      OSError: there is no such library.
      ValueError: it has no delegate, or makes none with these options, with what it said.
    """
    try:
        return Delegate(library, options)
    except ValueError as error:
        raise ValueError("Failed to load delegate from {}\n{}".format(library, error)) from None


def _tflite_library() -> None:
    try:
        _tflite.library()
    except ImportError as error:
        raise ValueError(str(error)) from None


def by_interface(delegates: typing.Sequence[typing.Any]) -> tuple[typing.Any, list[typing.Any]]:
    """An array of the addresses that Pipit wants, of delegates written for it; and those that were
    written for TensorFlow Lite. One of both is empty.

    Raises:
      ValueError: something is no delegate, or some are of one kind and some of the other.
    """
    if not isinstance(delegates, (list, tuple)):
        raise TypeError("experimental_delegates should be a list of what load_delegate() returned, "
                        "not %s" % type(delegates).__name__)
    ours = [d for d in delegates if getattr(d, "table", None) is not None]
    theirs = [d for d in delegates if d not in ours]
    for delegate in theirs:
        pointer = getattr(delegate, "_get_native_delegate_pointer", None)
        if pointer is None or pointer() is None:
            raise ValueError("%r is no delegate: load_delegate() returns those." % (delegate,))
    if ours and theirs:
        raise ValueError(
            "Delegates written for Pipit (%s) and for TensorFlow Lite (%s) cannot share an interpreter."
            % tuple(", ".join(str(getattr(d, "library", d)) for d in kind) for kind in (ours, theirs)))
    return (ctypes.c_void_p * len(ours))(*[d.table for d in ours]), theirs
