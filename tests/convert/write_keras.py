# SPDX-License-Identifier: Apache-2.0
"""Writes what Keras' layers are converted to, for TensorFlow Lite's own library to load and run:
write_keras.py FOLDER"""

import pathlib
import sys

import numpy as np
from keras_made import layer, sequential
from keras_reference import ACTIVATIONS, CASES

from pipit.convert import result
from pipit.convert.format import tflite_file
from pipit.convert.readers.keras import files as keras_files
from pipit.convert.rewriting import rewrite

MORE = [(layer("Activation", activation=name), {}, (40,), None) for name in ACTIVATIONS]


class Store:
    def __init__(self, weights):
        self._weights = weights

    def arrays(self, _):
        return self._weights


def main():
    folder, chance = pathlib.Path(sys.argv[1]), np.random.RandomState(1)
    folder.mkdir(parents=True, exist_ok=True)
    for i, (each, shapes, size, _) in enumerate(CASES + MORE):
        if each["config"].get("groups") == 2 and each["class_name"] == "Conv2D":
            continue  # TensorFlow Lite 2.9 does not know groups of channels
        weights = [(name, chance.uniform(0.3, 1, shape)) for name, shape in shapes.items()]
        model = keras_files.build(sequential(size, each), Store(weights), 2, None)
        rewrite.rewrite(model)
        name = "%02d_%s.tflite" % (i, each["config"].get("activation") or each["name"])
        tflite_file.save(result.content_of(model), folder / name)


if __name__ == "__main__":
    main()
