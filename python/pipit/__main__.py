# SPDX-License-Identifier: Apache-2.0
"""python3 -m pipit export-keras MODEL -o DIR"""

import sys

from . import export_keras

if sys.argv[1:2] == ["export-keras"]:
    sys.exit(export_keras.main(sys.argv[2:]))
print("usage: python3 -m pipit export-keras MODEL -o DIR", file=sys.stderr)
sys.exit(2)
