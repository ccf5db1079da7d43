# SPDX-License-Identifier: Apache-2.0
"""Rewriting makes the operators that are expected, and changes no number."""

import math
import unittest

import numpy as np

from pipit import Interpreter
from pipit.convert import result
from pipit.convert.building.builder import Builder
from pipit.convert.building.maths import binary, fully_connected, reduce, unary
from pipit.convert.building.shapes import concat, expand, pad, reshape, squeeze, transpose
from pipit.convert.building.windows import Window, conv_2d, depthwise
from pipit.convert.format.graph import Model, Signature, Subgraph
from pipit.convert.rewriting.recognize import _erf
from pipit.convert.rewriting.rewrite import rewrite


class Case(unittest.TestCase):

    def setUp(self):
        self.b = Builder()
        self.b.layer = self.b.name = "layer"
        self.inputs = []
        self.random = np.random.RandomState(3)

    def input(self, *shape):
        self.inputs.append(self.b.tensor(shape, "FLOAT32", "x%d" % len(self.inputs)))
        return self.inputs[-1]

    def numbers(self, *shape):
        return self.random.uniform(-2, 2, shape).astype(np.float32)

    def constant(self, *shape):
        return self.b.constant(self.numbers(*shape))

    def conv(self, x, height=3, width=3, filters=4, strides=(1, 1), same=False):
        return conv_2d(self.b, x, self.constant(filters, height, width, x.shape[3]),
                       self.constant(filters), Window((height, width), strides, same=same))

    def run_model(self, model, inputs):
        interpreter = Interpreter(model_content=result.content_of(model))
        interpreter.allocate_tensors()
        for detail, value in zip(interpreter.get_input_details(), inputs):
            interpreter.set_tensor(detail["index"], value)
        interpreter.invoke()
        return [interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()]

    def graph(self, outputs):
        return Subgraph("main", self.inputs, outputs, self.b.operators)

    def becomes(self, outputs, *kinds, compared=True):
        """The kinds of the operators left, after the results were found to be the same."""
        graph = self.graph(outputs)
        model = Model([graph], [Signature("serving_default", {}, {"y": outputs[0]})])
        inputs = [self.numbers(*t.shape) for t in graph.inputs]
        before = self.run_model(model, inputs) if compared else None
        rewrite(model)
        self.operators = graph.operators
        self.assertEqual([op.kind for op in graph.operators], list(kinds))
        self.assertIs(model.signatures[0].outputs["y"], graph.outputs[0])
        after = self.run_model(model, inputs)
        for a, b in zip(before or [], after):
            np.testing.assert_allclose(b, a, rtol=2e-5, atol=2e-5)
        return inputs, after


class Scales(Case):

    def test_batch_normalization_after_convolutions(self):
        b, x = self.b, self.input(1, 6, 6, 3)
        y = binary(b, "ADD", binary(b, "MUL", self.conv(x), self.constant(4)), self.constant(4))
        y = depthwise(b, unary(b, "RELU", y), self.constant(1, 2, 2, 8), self.constant(8),
                      Window((2, 2), same=True))
        y = unary(b, "RELU6", binary(b, "SUB", binary(b, "DIV", y, self.constant(1, 1, 8)),
                                      self.constant(8)))
        self.becomes([y], "CONV_2D", "DEPTHWISE_CONV_2D")

    def test_bias_of_a_dense_layer_that_has_none(self):
        b, x = self.b, self.input(1, 5)
        y = fully_connected(b, x, self.constant(3, 5), None)
        y = unary(b, "RELU", binary(b, "ADD", self.constant(3), y))
        self.becomes([binary(b, "SUB", self.constant(3), fully_connected(b, y, self.constant(3, 3), None))],
                     "FULLY_CONNECTED", "FULLY_CONNECTED")

    def test_scaled_inputs(self):
        b, x = self.b, self.input(1, 6, 6, 3)
        scaled = binary(b, "ADD", binary(b, "MUL", x, 1 / 255), self.constant(3))
        self.becomes([self.conv(scaled)], "CONV_2D")

    def test_an_offset_stays_where_zeros_are_added(self):
        b, x = self.b, self.input(1, 6, 6, 3)
        scaled = binary(b, "ADD", binary(b, "MUL", x, 0.5), 1.0)
        self.becomes([self.conv(scaled, same=True)], "MUL", "ADD", "CONV_2D")

    def test_what_others_need_stays(self):
        b, x = self.b, self.input(1, 6, 6, 3)
        y = self.conv(x)
        self.becomes([binary(b, "MUL", y, self.constant(4)), y], "CONV_2D", "MUL")

    def test_shared_weights_stay(self):
        b, x = self.b, self.input(1, 4)
        weights = self.constant(4, 4)
        y = [binary(b, "MUL", fully_connected(b, x, weights, None), self.constant(4)) for _ in range(2)]
        self.becomes(y, "FULLY_CONNECTED", "MUL", "FULLY_CONNECTED", "MUL")

    def test_one_number_for_each_row_is_none_for_each_channel(self):
        b, x = self.b, self.input(1, 4, 4, 4)
        self.becomes([binary(b, "MUL", self.conv(x, 1, 1), self.constant(4, 1))], "CONV_2D", "MUL")


class Padding(Case):

    def test_zeros_that_a_convolution_adds_itself(self):
        b, x = self.b, self.input(1, 7, 8, 2)
        y = self.conv(pad(b, x, [(0, 0), (1, 1), (1, 1), (0, 0)]))
        self.becomes([self.conv(pad(b, y, [(0, 0), (1, 1), (0, 1), (0, 0)]), strides=(2, 2))],
                     "CONV_2D", "CONV_2D")
        self.assertEqual([op.options["padding"] for op in self.operators], ["SAME", "SAME"])

    def test_other_zeros(self):
        b, x = self.b, self.input(1, 8, 8, 2)
        y = pad(b, pad(b, x, [(0, 0)] * 4), [(0, 0), (1, 1), (1, 1), (0, 0)])
        self.becomes([self.conv(y, strides=(2, 2))], "PAD", "CONV_2D")


class Shapes(Case):

    def test_rows_between_layers_of_sequences(self):
        b, x = self.b, self.input(1, 9, 3)
        for _ in range(3):
            y = self.conv(expand(b, x, [1]), 1, 3, 3, same=True)
            x = binary(b, "ADD", x, unary(b, "RELU", binary(b, "MUL", squeeze(b, y, [1]), self.constant(3))))
        self.assertEqual(len(b.operators), 18)
        graph = self.graph([x])
        rewrite(Model([graph]))
        kinds = [op.kind for op in graph.operators]
        self.assertEqual((kinds.count("CONV_2D"), kinds.count("ADD"), kinds.count("MUL")), (3, 3, 0))
        self.assertLessEqual(len(kinds), 12)

    def test_transposes_that_meet(self):
        b, x = self.b, self.input(1, 4, 5, 3)
        y = unary(b, "RELU", transpose(b, x, [0, 3, 1, 2]))
        y = binary(b, "MUL", y, b.constant(self.numbers(3, 1, 1)))
        y = concat(b, [y, transpose(b, unary(b, "TANH", x), [0, 3, 1, 2])], 1)
        y = pad(b, y, [(0, 0), (0, 0), (1, 0), (0, 2)])
        self.becomes([transpose(b, y, [0, 2, 3, 1])], "RELU", "MUL", "TANH", "CONCATENATION", "PAD")

    def test_means_of_transposed_pictures(self):
        b, x = self.b, self.input(1, 4, 5, 3)
        self.becomes([reduce(b, "MEAN", transpose(b, x, [0, 3, 1, 2]), [2, 3], False)], "MEAN")

    def test_a_transpose_goes_into_weights(self):
        b, x = self.b, self.input(1, 4, 5, 3)
        flat = reshape(b, transpose(b, x, [0, 3, 1, 2]), [1, 60])
        self.becomes([fully_connected(b, flat, self.constant(2, 60), None)], "RESHAPE", "FULLY_CONNECTED")

    def test_a_transpose_of_ones(self):
        b, x = self.b, self.input(1, 1, 1, 3)
        self.becomes([transpose(b, x, [0, 3, 1, 2])], "RESHAPE")

    def test_operands_of_different_layout(self):
        b, x, z = self.b, self.input(1, 4, 5, 3), self.input(1, 3, 4, 5)
        self.becomes([binary(b, "ADD", transpose(b, x, [0, 3, 1, 2]), z)], "TRANSPOSE", "ADD")

    def test_constants_are_computed(self):
        b, x = self.b, self.input(1, 4)
        c = unary(b, "EXP", binary(b, "MUL", self.constant(2, 2), 0.5))
        c = reshape(b, transpose(b, c, [1, 0]), [4])
        self.becomes([binary(b, "MUL", unary(b, "TANH", x), c)], "TANH", "MUL")


class Recognized(Case):

    def test_hard_swish(self):
        for form in range(4):
            with self.subTest(form=form):
                self.setUp()
                b, x = self.b, self.input(1, 50)
                shifted = binary(b, "ADD", x, 3.0)
                if form == 0:
                    y = binary(b, "MUL", x, binary(b, "MUL", unary(b, "RELU6", shifted), 1 / 6))
                elif form == 1:
                    y = binary(b, "DIV", binary(b, "MUL", unary(b, "RELU6", shifted), x), 6.0)
                elif form == 2:
                    clipped = binary(b, "MINIMUM", binary(b, "MAXIMUM", shifted, 0.0), 6.0)
                    y = binary(b, "MUL", binary(b, "MUL", x, 1 / 6), clipped)
                else:
                    y = binary(b, "ADD", binary(b, "MUL", x, 1 / 6), 0.5)
                    y = binary(b, "MUL", x, binary(b, "MINIMUM", binary(b, "MAXIMUM", y, 0.0), 1.0))
                self.becomes([y], "HARD_SWISH")

    def test_gelu(self):
        b, x = self.b, self.input(1, 50)
        y = binary(b, "ADD", unary(b, "ERF", binary(b, "DIV", x, math.sqrt(2))), 1.0)
        y = binary(b, "MUL", binary(b, "MUL", x, y), 0.5)
        (x,), (made,) = self.becomes([y], "GELU", compared=False)
        np.testing.assert_allclose(made, 0.5 * x * (1 + _erf(x / math.sqrt(2))), atol=1e-5)

    def test_gelu_by_tanh(self):
        b, x = self.b, self.input(1, 50)
        cubed = binary(b, "MUL", b.emit("POW", [x, b.constant(np.float32(3))], (1, 50)), 0.044715)
        y = unary(b, "TANH", binary(b, "MUL", binary(b, "ADD", x, cubed), math.sqrt(2 / math.pi)))
        y = binary(b, "MUL", binary(b, "MUL", x, 0.5), binary(b, "ADD", y, 1.0))
        self.becomes([y], "GELU")
        self.assertTrue(self.operators[0].options["approximate"])

    def test_nearly_is_not_enough(self):
        b, x = self.b, self.input(1, 50)
        y = binary(b, "MUL", x, binary(b, "MUL", unary(b, "RELU6", binary(b, "ADD", x, 2.9)), 1 / 6))
        self.becomes([y], "ADD", "MUL", "MUL")

    def test_limits(self):
        b, x = self.b, self.input(1, 50)
        y = binary(b, "MINIMUM", binary(b, "MAXIMUM", binary(b, "MUL", x, 3.0), 0.0), 6.0)
        z = binary(b, "MAXIMUM", binary(b, "MUL", x, 0.25), x)
        low = binary(b, "MAXIMUM", binary(b, "MINIMUM", x, 1.0), -1.0)
        self.becomes([y, z, low], "MUL", "LEAKY_RELU", "RELU_N1_TO_1")

    def test_prelu(self):
        b, x = self.b, self.input(1, 2, 3)
        below = binary(b, "MUL", unary(b, "RELU", unary(b, "NEG", x)), self.constant(3))
        self.becomes([binary(b, "ADD", unary(b, "RELU", x), below)], "PRELU")


if __name__ == "__main__":
    unittest.main()
