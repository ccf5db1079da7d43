# SPDX-License-Identifier: Apache-2.0
"""Runs a program that was written for TensorFlow's interpreter, with pipit.tf in TensorFlow's place: in
this process alone, whether TensorFlow is installed or not."""

from __future__ import annotations

import importlib.machinery
import os
import runpy
import sys
import types

from . import tf

_USAGE = "usage: python3 -m pipit run SCRIPT [ARGUMENT...]"


def _tensorflow() -> types.ModuleType:
    """pipit.tf as a package of that name."""
    package = types.ModuleType("tensorflow", tf.__doc__)
    package.__dict__.update({k: v for k, v in vars(tf).items() if not k.startswith("_")},
                            __version__=tf.__version__, __getattr__=tf.__getattr__)
    package.__spec__ = importlib.machinery.ModuleSpec("tensorflow", None, is_package=True)
    package.__path__ = []
    return package


def _install(name: str, module: types.ModuleType) -> None:
    """For `import` to find, with what is below it."""
    sys.modules[name] = module
    for part, below in list(vars(module).items()):
        if isinstance(below, types.ModuleType) and below.__name__.startswith("tf."):
            _install("%s.%s" % (name, part), below)


def main(arguments: list[str]) -> int:
    """Of the command; what the script raises, SystemExit among it, is passed on."""
    if not arguments or arguments[0].startswith("-"):
        print(_USAGE, file=sys.stderr)
        return 2
    script = arguments[0]
    if not os.path.isfile(script):
        print("pipit: there is no file %s to run" % script, file=sys.stderr)
        return 2
    _install("tensorflow", _tensorflow())
    sys.argv = arguments
    sys.path[0] = os.path.dirname(os.path.abspath(script))
    runpy.run_path(script, run_name="__main__")
    return 0
