# SPDX-License-Identifier: Apache-2.0
"""Rewriting makes the operators that are expected, and changes no number."""

import math
import unittest

import numpy as np

from pipit import Interpreter
from pipit.convert import result
from pipit.convert.building.keras_builder import Builder
from pipit.convert.format.graph import Model, Signature
from pipit.convert.rewriting.recognize import _erf
from pipit.convert.rewriting.rewrite import rewrite


class Case(unittest.TestCase):

    def setUp(self):
        self.b = Builder()
        self.b.layer = "layer"
        self.random = np.random.RandomState(3)

    def input(self, *shape):
        return self.b.input("x%d" % len(self.b.subgraph.inputs), shape)

    def numbers(self, *shape):
        return self.random.uniform(-2, 2, shape).astype(np.float32)

    def constant(self, *shape):
        return self.b.constant(self.numbers(*shape))

    def conv(self, x, height=3, width=3, filters=4, strides=(1, 1), padding="VALID"):
        return self.b.conv(x, self.constant(filters, height, width, x.shape[3]),
                           self.constant(filters), strides, (1, 1), padding)

    def run_model(self, model, inputs):
        interpreter = Interpreter(model_content=result.content_of(model))
        interpreter.allocate_tensors()
        for detail, value in zip(interpreter.get_input_details(), inputs):
            interpreter.set_tensor(detail["index"], value)
        interpreter.invoke()
        return [interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()]

    def becomes(self, outputs, *kinds, compared=True):
        """The kinds of the operators left, after the results were found to be the same."""
        graph = self.b.subgraph
        graph.outputs = outputs
        model = Model([graph], [Signature("serving_default", {}, {"y": outputs[0]})])
        inputs = [self.numbers(*t.shape) for t in graph.inputs]
        before = self.run_model(model, inputs) if compared else None
        rewrite(model)
        self.assertEqual([op.kind for op in graph.operators], list(kinds))
        self.assertIs(model.signatures[0].outputs["y"], graph.outputs[0])
        after = self.run_model(model, inputs)
        for a, b in zip(before or [], after):
            np.testing.assert_allclose(b, a, rtol=2e-5, atol=2e-5)
        return inputs, after


class Scales(Case):

    def test_batch_normalization_after_convolutions(self):
        b, x = self.b, self.input(1, 6, 6, 3)
        y = b.binary("ADD", b.binary("MUL", self.conv(x), self.constant(4)), self.constant(4))
        y = b.depthwise(b.unary("RELU", y), self.constant(1, 2, 2, 8), self.constant(8), (1, 1),
                        (1, 1), "SAME")
        y = b.unary("RELU6", b.binary("SUB", b.binary("DIV", y, self.constant(1, 1, 8)),
                                      self.constant(8)))
        self.becomes([y], "CONV_2D", "DEPTHWISE_CONV_2D")

    def test_bias_of_a_dense_layer_that_has_none(self):
        b, x = self.b, self.input(1, 5)
        y = b.dense(x, self.constant(3, 5), None)
        y = b.unary("RELU", b.binary("ADD", self.constant(3), y))
        self.becomes([b.binary("SUB", self.constant(3), b.dense(y, self.constant(3, 3), None))],
                     "FULLY_CONNECTED", "FULLY_CONNECTED")

    def test_scaled_inputs(self):
        b, x = self.b, self.input(1, 6, 6, 3)
        scaled = b.binary("ADD", b.binary("MUL", x, 1 / 255), self.constant(3))
        self.becomes([self.conv(scaled)], "CONV_2D")

    def test_an_offset_stays_where_zeros_are_added(self):
        b, x = self.b, self.input(1, 6, 6, 3)
        scaled = b.binary("ADD", b.binary("MUL", x, 0.5), 1.0)
        self.becomes([self.conv(scaled, padding="SAME")], "MUL", "ADD", "CONV_2D")

    def test_what_others_need_stays(self):
        b, x = self.b, self.input(1, 6, 6, 3)
        y = self.conv(x)
        self.becomes([b.binary("MUL", y, self.constant(4)), y], "CONV_2D", "MUL")

    def test_shared_weights_stay(self):
        b, x = self.b, self.input(1, 4)
        weights = self.constant(4, 4)
        y = [b.binary("MUL", b.dense(x, weights, None), self.constant(4)) for _ in range(2)]
        self.becomes(y, "FULLY_CONNECTED", "MUL", "FULLY_CONNECTED", "MUL")

    def test_one_number_for_each_row_is_none_for_each_channel(self):
        b, x = self.b, self.input(1, 4, 4, 4)
        self.becomes([b.binary("MUL", self.conv(x, 1, 1), self.constant(4, 1))], "CONV_2D", "MUL")


class Padding(Case):

    def test_zeros_that_a_convolution_adds_itself(self):
        b, x = self.b, self.input(1, 7, 8, 2)
        y = self.conv(b.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)]))
        self.becomes([self.conv(b.pad(y, [(0, 0), (1, 1), (0, 1), (0, 0)]), strides=(2, 2))],
                     "CONV_2D", "CONV_2D")
        self.assertEqual([op.options["padding"] for op in b.subgraph.operators], ["SAME", "SAME"])

    def test_other_zeros(self):
        b, x = self.b, self.input(1, 8, 8, 2)
        y = b.pad(b.pad(x, [(0, 0)] * 4), [(0, 0), (1, 1), (1, 1), (0, 0)])
        self.becomes([self.conv(y, strides=(2, 2))], "PAD", "CONV_2D")


class Shapes(Case):

    def test_rows_between_layers_of_sequences(self):
        b, x = self.b, self.input(1, 9, 3)
        for _ in range(3):
            y = self.conv(b.expand(x, 1), 1, 3, 3, padding="SAME")
            x = b.binary("ADD", x, b.unary("RELU", b.binary("MUL", b.squeeze(y, 1), self.constant(3))))
        self.assertEqual(len(b.subgraph.operators), 18)
        graph = self.b.subgraph
        graph.outputs = [x]
        rewrite(Model([graph]))
        kinds = [op.kind for op in graph.operators]
        self.assertEqual((kinds.count("CONV_2D"), kinds.count("ADD"), kinds.count("MUL")), (3, 3, 0))
        self.assertLessEqual(len(kinds), 12)

    def test_transposes_that_meet(self):
        b, x = self.b, self.input(1, 4, 5, 3)
        y = b.unary("RELU", b.transpose(x, [0, 3, 1, 2]))
        y = b.binary("MUL", y, b.constant(self.numbers(3, 1, 1)))
        y = b.concat([y, b.transpose(b.unary("TANH", x), [0, 3, 1, 2])], 1)
        y = b.pad(y, [(0, 0), (0, 0), (1, 0), (0, 2)])
        self.becomes([b.transpose(y, [0, 2, 3, 1])], "RELU", "MUL", "TANH", "CONCATENATION", "PAD")

    def test_means_of_transposed_pictures(self):
        b, x = self.b, self.input(1, 4, 5, 3)
        self.becomes([b.reduce("MEAN", b.transpose(x, [0, 3, 1, 2]), [2, 3], False)], "MEAN")

    def test_a_transpose_goes_into_weights(self):
        b, x = self.b, self.input(1, 4, 5, 3)
        flat = b.reshape(b.transpose(x, [0, 3, 1, 2]), [1, 60])
        self.becomes([b.dense(flat, self.constant(2, 60), None)], "RESHAPE", "FULLY_CONNECTED")

    def test_a_transpose_of_ones(self):
        b, x = self.b, self.input(1, 1, 1, 3)
        self.becomes([b.transpose(x, [0, 3, 1, 2])], "RESHAPE")

    def test_operands_of_different_layout(self):
        b, x, z = self.b, self.input(1, 4, 5, 3), self.input(1, 3, 4, 5)
        self.becomes([b.binary("ADD", b.transpose(x, [0, 3, 1, 2]), z)], "TRANSPOSE", "ADD")

    def test_constants_are_computed(self):
        b, x = self.b, self.input(1, 4)
        c = b.unary("EXP", b.binary("MUL", self.constant(2, 2), 0.5))
        c = b.reshape(b.transpose(c, [1, 0]), [4])
        self.becomes([b.binary("MUL", b.unary("TANH", x), c)], "TANH", "MUL")


class Recognized(Case):

    def test_hard_swish(self):
        for form in range(4):
            with self.subTest(form=form):
                self.setUp()
                b, x = self.b, self.input(1, 50)
                shifted = b.binary("ADD", x, 3.0)
                if form == 0:
                    y = b.binary("MUL", x, b.binary("MUL", b.unary("RELU6", shifted), 1 / 6))
                elif form == 1:
                    y = b.binary("DIV", b.binary("MUL", b.unary("RELU6", shifted), x), 6.0)
                elif form == 2:
                    clipped = b.binary("MINIMUM", b.binary("MAXIMUM", shifted, 0.0), 6.0)
                    y = b.binary("MUL", b.binary("MUL", x, 1 / 6), clipped)
                else:
                    y = b.binary("ADD", b.binary("MUL", x, 1 / 6), 0.5)
                    y = b.binary("MUL", x, b.binary("MINIMUM", b.binary("MAXIMUM", y, 0.0), 1.0))
                self.becomes([y], "HARD_SWISH")

    def test_gelu(self):
        b, x = self.b, self.input(1, 50)
        y = b.binary("ADD", b.unary("ERF", b.binary("DIV", x, math.sqrt(2))), 1.0)
        y = b.binary("MUL", b.binary("MUL", x, y), 0.5)
        (x,), (made,) = self.becomes([y], "GELU", compared=False)
        np.testing.assert_allclose(made, 0.5 * x * (1 + _erf(x / math.sqrt(2))), atol=1e-5)

    def test_gelu_by_tanh(self):
        b, x = self.b, self.input(1, 50)
        cubed = b.binary("MUL", b.op("POW", [x, b.constant(np.float32(3))], (1, 50)), 0.044715)
        y = b.unary("TANH", b.binary("MUL", b.binary("ADD", x, cubed), math.sqrt(2 / math.pi)))
        y = b.binary("MUL", b.binary("MUL", x, 0.5), b.binary("ADD", y, 1.0))
        self.becomes([y], "GELU")
        self.assertTrue(b.subgraph.operators[0].options["approximate"])

    def test_nearly_is_not_enough(self):
        b, x = self.b, self.input(1, 50)
        y = b.binary("MUL", x, b.binary("MUL", b.unary("RELU6", b.binary("ADD", x, 2.9)), 1 / 6))
        self.becomes([y], "ADD", "MUL", "MUL")

    def test_limits(self):
        b, x = self.b, self.input(1, 50)
        y = b.binary("MINIMUM", b.binary("MAXIMUM", b.binary("MUL", x, 3.0), 0.0), 6.0)
        z = b.binary("MAXIMUM", b.binary("MUL", x, 0.25), x)
        low = b.binary("MAXIMUM", b.binary("MINIMUM", x, 1.0), -1.0)
        self.becomes([y, z, low], "MUL", "LEAKY_RELU", "RELU_N1_TO_1")

    def test_prelu(self):
        b, x = self.b, self.input(1, 2, 3)
        below = b.binary("MUL", b.unary("RELU", b.unary("NEG", x)), self.constant(3))
        self.becomes([b.binary("ADD", b.unary("RELU", x), below)], "PRELU")


if __name__ == "__main__":
    unittest.main()
