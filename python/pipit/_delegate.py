# SPDX-License-Identifier: Apache-2.0
"""Loads delegates: shared libraries that compute parts of a model.

Those written against pipit/pipit.h (they export pipit_delegate_create) can be given to an
Interpreter. Those of TensorFlow Lite can be loaded, so that programs which look for one go on; an
Interpreter refuses to use them, since their code works on the insides of TensorFlow Lite.
"""

from __future__ import annotations

import ctypes
import typing

from . import _library as c

_NAMES = ctypes.POINTER(ctypes.c_char_p)


class Delegate:
    """A loaded library's delegate; `options` are passed as strings."""

    def __init__(self, library: str, options: dict[typing.Any, typing.Any] | None = None) -> None:
        self.library = library
        self.table = None  # what an Interpreter hands to Pipit
        self._delegate = None
        options = options or {}
        count = len(options)
        names = (ctypes.c_char_p * count)(*[str(k).encode() for k in options])
        values = (ctypes.c_char_p * count)(*[str(v).encode() for v in options.values()])
        self._loaded = ctypes.CDLL(library)
        if hasattr(self._loaded, "pipit_delegate_create"):
            self._create(names, values, count)
        elif hasattr(self._loaded, "tflite_plugin_create_delegate"):
            self._create_plugin(names, values, count)
        else:
            raise ValueError("It exports neither pipit_delegate_create nor "
                             "tflite_plugin_create_delegate.")

    def _create(self, names, values, count):
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

    def _create_plugin(self, names, values, count):
        create = self._loaded.tflite_plugin_create_delegate
        report = ctypes.CFUNCTYPE(None, ctypes.c_char_p)
        create.argtypes = [_NAMES, _NAMES, ctypes.c_int, report]
        create.restype = ctypes.c_void_p
        said = []
        self._delegate = create(names, values, count, report(
            lambda text: said.append(text.decode("utf-8", "replace"))))
        if self._delegate is None:
            raise ValueError("".join(said))
        self._destroy = self._loaded.tflite_plugin_destroy_delegate
        self._destroy.argtypes, self._destroy.restype = [ctypes.c_void_p], None

    def __del__(self):
        if getattr(self, "_delegate", None) is not None and self._destroy is not None:
            self._destroy(self._delegate)

    def _get_native_delegate_pointer(self):
        return self._delegate


def load_delegate(library: str, options: dict[typing.Any, typing.Any] | None = None) -> Delegate:
    """A Delegate.

    Raises:
      OSError: there is no such library.
      ValueError: it has no delegate, or makes none with these options, with what it said.
    """
    try:
        return Delegate(library, options)
    except ValueError as error:
        raise ValueError("Failed to load delegate from {}\n{}".format(library, error)) from None


def tables(delegates):
    """An array of the addresses that Pipit wants.

    Raises:
      ValueError: a delegate is not one for Pipit.
    """
    for delegate in delegates:
        if getattr(delegate, "table", None) is None:
            raise ValueError(
                "This interpreter cannot hand work to %s: it is no delegate for Pipit (a library that "
                "exports pipit_delegate_create). Leave experimental_delegates out; the results are "
                "the same." % (getattr(delegate, "library", None) or repr(delegate)))
    return (ctypes.c_void_p * len(delegates))(*[d.table for d in delegates])
