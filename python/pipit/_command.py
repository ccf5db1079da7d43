# SPDX-License-Identifier: Apache-2.0
"""The `pipit` command that a wheel installs: the program that lies in the wheel, but for what Python
does itself."""

from __future__ import annotations

import os
import sys

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", "pipit")


def main() -> int:
    from . import __main__ as python
    arguments = sys.argv[1:]
    script = arguments[:1] == ["run"] and any(a.endswith(".py") for a in arguments[1:2])
    if arguments[:1] != ["run"] and arguments[:1] and arguments[0] in python.COMMANDS or script:
        return python.main()
    if os.path.isfile(PROGRAM):
        os.execv(PROGRAM, ["pipit", *arguments])
    print("pipit: this package was built without the program that does this; wheels for ARM have it, "
          "and Debian's package pipit. `python3 -m pipit` has what Python does.", file=sys.stderr)
    return 2
