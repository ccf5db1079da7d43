# SPDX-License-Identifier: Apache-2.0
"""Threads that interpreters share."""

from __future__ import annotations

import ctypes
import os
import weakref

from . import _library as c
from ._library import lib
from ._model import aligned

# {number of threads: Team}
_teams: weakref.WeakValueDictionary[int, Team] = weakref.WeakValueDictionary()


class Team:
    """As many threads as one invocation works with, the calling one included; `handle` is the C
    interface's. When two interpreters want a team at once, one does its work alone."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._memory, self._where = aligned(lib.pipit_team_bytes(), 64)
        self.handle = ctypes.c_void_p()
        self._start()

    def _start(self) -> None:
        why = c.Message()
        if lib.pipit_team_init(self._where, lib.pipit_team_bytes(), self._threads,
                               ctypes.byref(self.handle), ctypes.byref(why)) != c.OK:
            raise ValueError(why.text)

    def __del__(self) -> None:
        if getattr(self, "handle", None):
            lib.pipit_team_release(self.handle)


def team(threads: int) -> Team | None:
    """The team of so many threads; None for one thread."""
    if threads == 1:
        return None
    found = _teams.get(threads)
    if found is None:
        found = _teams[threads] = Team(threads)
    return found


def _start_again() -> None:
    for one in list(_teams.values()):
        one._start()


# A process that fork() makes has only the thread that called it.
os.register_at_fork(after_in_child=_start_again)
