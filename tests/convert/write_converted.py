# SPDX-License-Identifier: Apache-2.0
"""Writes what ONNX's own cases and some networks are converted to, for TensorFlow Lite's own library to
load and run: write_converted.py FOLDER"""

import pathlib
import sys
import warnings

import damaged_protobuf_test
import numpy as np
import onnx_nodes_test as nodes
import onnx_test
import saved_model_test
from onnx_graphs import Graph

from pipit.convert.format import tflite_file
from pipit.convert.format.graph import ConvertError
from pipit.convert.rewriting.rewrite import rewrite

# What TensorFlow Lite 2.9 does not know: SIGN, and types that few operators have.
LATER = ("sign", "uint16", "uint32")


def cases():
    """(name, model) of each of ONNX's cases, with the first input as the model's own."""
    warnings.simplefilter("ignore")
    for case in nodes.collect_testcases(None):
        inputs, outputs = case.data_sets[0]
        if inputs and nodes.usable(case, [*inputs, *outputs]) and not any(
                word in case.name for word in LATER):
            try:
                arrays = [np.asarray(x) for x in inputs]
                yield case.name, nodes.convert(case, arrays, [0], False)[0]
            except ConvertError:
                continue


def networks():
    for make in (damaged_protobuf_test.picture, damaged_protobuf_test.sequence,
                 damaged_protobuf_test.rounds):
        graph = Graph()
        graph.fields = make
        yield make.__name__, graph.convert()
    quantized = onnx_test.Quantized()
    quantized.setUp()
    graph = quantized.network(lambda zero: np.int8(zero))
    graph.outputs = [{"name": graph.nodes[-2]["output"][0]}]  # integers, to be compared by steps
    yield "quantized", graph.convert()
    if saved_model_test.KWS.is_dir():
        model = saved_model_test.read_saved_model(saved_model_test.KWS / "saved_model")
        rewrite(model)
        yield "keywords", model


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, model in [*cases(), *networks()]:
        tflite_file.save(tflite_file.write(model), folder / f"{name}.tflite")


if __name__ == "__main__":
    main()
