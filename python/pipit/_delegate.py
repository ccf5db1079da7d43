# SPDX-License-Identifier: Apache-2.0
"""Loads shared libraries that offer TensorFlow Lite's plug-in interface for delegates.

They can be loaded, so that programs which look for one go on; an Interpreter refuses to use them,
since their code works on the insides of TensorFlow Lite.
"""

from __future__ import annotations

import ctypes


class Delegate:
    """A loaded plug-in; `options` are passed as strings."""

    def __init__(self, library, options=None):
        self._library = ctypes.PyDLL(library)
        create = self._library.tflite_plugin_create_delegate
        destroy = self._library.tflite_plugin_destroy_delegate
        report = ctypes.CFUNCTYPE(None, ctypes.c_char_p)
        create.argtypes = [ctypes.POINTER(ctypes.c_char_p), ctypes.POINTER(ctypes.c_char_p),
                           ctypes.c_int, report]
        create.restype = ctypes.c_void_p
        destroy.argtypes, destroy.restype = [ctypes.c_void_p], None
        options = options or {}
        names = (ctypes.c_char_p * len(options))(*[str(k).encode() for k in options])
        values = (ctypes.c_char_p * len(options))(*[str(v).encode() for v in options.values()])
        said = []
        self._delegate = create(names, values, len(options), report(
            lambda text: said.append(text.decode("utf-8", "replace"))))
        self._destroy = destroy
        if self._delegate is None:
            raise ValueError("".join(said))

    def __del__(self):
        if getattr(self, "_delegate", None) is not None:
            self._destroy(self._delegate)

    def _get_native_delegate_pointer(self):
        return self._delegate


def load_delegate(library, options=None):
    """A Delegate.

    Raises:
      OSError: there is no such library.
      ValueError: the plug-in failed, with what it said.
    """
    try:
        return Delegate(library, options)
    except ValueError as error:
        raise ValueError("Failed to load delegate from {}\n{}".format(library, error)) from None
