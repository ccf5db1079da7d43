# SPDX-License-Identifier: Apache-2.0
"""Loads delegates: shared libraries that compute parts of a model.

Those written against pipit/pipit.h (they export pipit_delegate_create) can be given to an
Interpreter. Those of TensorFlow Lite can be loaded, so that programs which look for one go on; an
Interpreter refuses to use them, since their code works on the insides of TensorFlow Lite.
"""

from __future__ import annotations

import ctypes
import os
import typing

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
        self._loaded = ctypes.CDLL(os.fsdecode(self.library))
        if hasattr(self._loaded, "pipit_delegate_create"):
            self._create(names, values, count)
        elif hasattr(self._loaded, "tflite_plugin_create_delegate"):
            self._create_plugin(names, values, count)
        else:
            raise ValueError("It exports neither pipit_delegate_create nor "
                             "tflite_plugin_create_delegate.")

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
        create = self._loaded.tflite_plugin_create_delegate
        report = ctypes.CFUNCTYPE(None, ctypes.c_char_p)
        create.argtypes = [_NAMES, _NAMES, ctypes.c_int, report]
        create.restype = ctypes.c_void_p
        said: list[str] = []
        self._delegate = create(names, values, count, report(
            lambda text: said.append(text.decode("utf-8", "replace"))))
        if self._delegate is None:
            raise ValueError("".join(said))
        self._destroy = self._loaded.tflite_plugin_destroy_delegate
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


def tables(delegates: typing.Sequence[typing.Any]) -> typing.Any:
    """An array of the addresses that Pipit wants.

    Raises:
      ValueError: a delegate is not one for Pipit.
    """
    if not isinstance(delegates, (list, tuple)):
        raise TypeError("experimental_delegates should be a list of what load_delegate() returned, "
                        "not %s" % type(delegates).__name__)
    for delegate in delegates:
        if getattr(delegate, "table", None) is None:
            raise ValueError(
                "This interpreter cannot hand work to %s: it is no delegate for Pipit (a library that "
                "exports pipit_delegate_create). Leave experimental_delegates out; the results are "
                "the same." % (getattr(delegate, "library", None) or repr(delegate)))
    return (ctypes.c_void_p * len(delegates))(*[d.table for d in delegates])
