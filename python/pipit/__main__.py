# SPDX-License-Identifier: Apache-2.0
"""python3 -m pipit convert INPUT -o OUT.tflite
python3 -m pipit export-keras MODEL -o DIR
python3 -m pipit run SCRIPT [ARGUMENT...]"""

from __future__ import annotations

import importlib
import sys
import typing

from . import _run, export_keras


def convert(arguments: list[str]) -> int:
    """The converter is loaded for those who ask for it."""
    try:
        module = importlib.import_module("pipit.convert.main")
    except ImportError as error:
        print("pipit: convert needs a Python package that is not here: %s" % error,
              file=sys.stderr)
        return 6
    return int(module.main(arguments))


COMMANDS: dict[str, typing.Callable[[list[str]], int]] = {
    "convert": convert,
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
