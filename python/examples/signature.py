# SPDX-License-Identifier: Apache-2.0
"""Runs each signature of a model by its names: signature.py MODEL"""

import sys

import numpy as np

from pipit import tf

if len(sys.argv) < 2:
    sys.exit(__doc__)

interpreter = tf.lite.Interpreter(model_path=sys.argv[1])
for key in interpreter.get_signature_list():
    run = interpreter.get_signature_runner(key)
    inputs = {name: np.full(detail["shape"], 2, detail["dtype"])
              for name, detail in run.get_input_details().items()}
    print(key, run(**inputs))
