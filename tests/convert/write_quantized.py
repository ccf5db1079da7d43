# SPDX-License-Identifier: Apache-2.0
"""Writes what the quantizer makes of every operator and of small networks in every scheme, for
TensorFlow Lite's own library to load and run: write_quantized.py FOLDER"""

import pathlib
import sys

import networks
from quantize_operators_test import Operators
from quantize_test import Int8

from pipit.convert.format import tflite_file
from pipit.convert.pruning import sparse
from pipit.convert.pruning.prune import PruneSettings, prune
from pipit.convert.quantization import recurrent
from pipit.convert.quantization.op_rules import INT16, INT8, RULES
from pipit.convert.quantization.quantize import Settings, quantize

# What TensorFlow Lite 2.9 does not know at all, and what has a network of its own.
LATER = ("RELU_0_TO_1", recurrent.LSTM)


def models():
    """(name, model)"""
    for scheme, dtype in (("int8", INT8), ("int16x8", INT16)):
        for kind, rule in RULES.items():
            if kind not in LATER and dtype in rule.types:
                yield f"{scheme}_{kind.lower()}", Operators().quantized(kind, scheme, dtype)[0]
    network, model = networks.classifier()
    samples = network.samples(10)
    for name, settings in (
            ("int8", Settings(output_type="INT8")),
            ("int8_ends", Settings(input_type="INT8", output_type="INT8")),
            ("uint8_ends", Settings(input_type="UINT8", output_type="UINT8")),
            ("int16x8", Settings("int16x8", input_type="INT16", output_type="INT16")),
            ("dynamic", Settings("dynamic")), ("float16", Settings("float16"))):
        yield f"network_{name}", quantize(model, settings, samples)[0]
    bound = quantize(model, Settings(), samples)[1].output_snr + 6
    for mixed in ("int16", "float"):
        yield f"network_mixed_{mixed}", quantize(
            model, Settings(mixed=mixed, min_snr=bound, output_type=INT8), samples)[0]
    network, model = Int8().lstm()
    yield "lstm", quantize(model, Settings(output_type=INT8), network.samples(10))[0]
    yield from pruned()


def pruned():
    network = networks.Network(1, 6, 6, 16)
    y = network.conv(network.conv(network.x, 32), 16)
    model = network.model(network.dense(network.flatten(y), 10))
    yield "dynamic", quantize(model, Settings("dynamic"))[0]
    yield "channels", prune(model, PruneSettings("channels", share=0.5))[0]
    floats, _ = prune(model, PruneSettings(share=0.8))
    integers, _ = quantize(floats, Settings(output_type=INT8), network.samples(4))
    for name, each in (("sparse", floats), ("sparse_int8", integers)):
        sparse.encode(each)
        yield name, each


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, model in models():
        tflite_file.save(tflite_file.write(model), folder / f"{name}.tflite")


if __name__ == "__main__":
    main()
