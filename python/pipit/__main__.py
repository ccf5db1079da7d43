# SPDX-License-Identifier: Apache-2.0
"""python3 -m pipit export-keras MODEL -o DIR
python3 -m pipit run SCRIPT [ARGUMENT...]"""

from __future__ import annotations

import sys
import typing

from . import _run, export_keras

COMMANDS: dict[str, typing.Callable[[list[str]], int]] = {
    "export-keras": export_keras.main,
    "run": _run.main,
}


def main() -> int:
    if sys.argv[1:2] and sys.argv[1] in COMMANDS:
        return COMMANDS[sys.argv[1]](sys.argv[2:])
    print("usage: %s" % "\n       ".join((__doc__ or "").splitlines()), file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
