# SPDX-License-Identifier: Apache-2.0
"""Whose turn it is to use an interpreter: one thread's at a time."""

from __future__ import annotations

import contextlib
import threading
import typing

_BUSY = ("Another thread is using this interpreter. Threads that share one call run(), run_float() or a "
         "signature runner, which wait for each other, or put set_tensor(), invoke() and get_tensor() "
         "under one lock. Interpreters of their own run at the same time.")


class Turn:
    """`with turn:` for a thread that finds the interpreter free, or has it already.

    Raises:
      RuntimeError: another thread has it.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            raise RuntimeError(_BUSY)

    def __exit__(self, *exception: object) -> None:
        self._lock.release()

    @contextlib.contextmanager
    def after_others(self) -> typing.Iterator[None]:
        """The same, but waits for other threads."""
        with self._lock:
            yield
