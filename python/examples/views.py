# SPDX-License-Identifier: Apache-2.0
"""Writes and reads tensors without copies: views.py MODEL"""

import sys

from pipit import tf

if len(sys.argv) < 2:
    sys.exit(__doc__)

interpreter = tf.lite.Interpreter(model_path=sys.argv[1])
interpreter.allocate_tensors()
input = interpreter.tensor(interpreter.get_input_details()[0]["index"])
output = interpreter.tensor(interpreter.get_output_details()[0]["index"])
for i in range(3):
    input().fill(3.)
    interpreter.invoke()
    print("inference %s" % output())
