# SPDX-License-Identifier: Apache-2.0
"""Post-training quantization, and integer inference as TensorFlow Lite's reference kernels do it.

    real = (q - zero_point) * scale

Arithmetic is in int64, where no product or sum of these small networks can overflow; the results
are those of the kernels' int32 and int8 arithmetic, bit for bit. Scales are rounded to float32
before anything is derived from them, because a file stores them so.
"""

import numpy as np

import ops
from tflite_writer import Quant

SOFTMAX_OUTPUT = Quant([1 / 256], [-128])

# ---- Choosing scales ---------------------------------------------------------------------------


def float32(x):
    """x rounded to float32, as Python floats or float64 arrays."""
    return np.float32(x).astype(np.float64) if np.ndim(x) else float(np.float32(x))


def activation_quant(low, high, qmin=-128, qmax=127):
    """256 steps over [low, high], widened to hold 0, which becomes exact: the zero point."""
    low, high = min(low, 0.0), max(high, 0.0)
    scale = float32((high - low) / (qmax - qmin))
    zero_point = int(np.clip(np.rint(qmin - low / scale), qmin, qmax))
    return Quant([scale], [zero_point])


def symmetric_weights(w, axis=None):
    """int8 weights in [-127, 127] with zero point 0; one scale for each index of `axis`, if given.

    Returns (q, Quant).
    """
    others = tuple(d for d in range(w.ndim) if d != axis) if axis is not None else None
    largest = np.abs(w).max(axis=others, keepdims=True)
    scale = float32(np.maximum(largest, 1e-9) / 127)
    q = np.clip(np.rint(w / scale), -127, 127).astype(np.int8)
    return q, Quant(scale.ravel(), [0] * scale.size, axis or 0)


def bias_quant(bias, input_quant, weight_quant):
    """int32 bias at the scale of the accumulator, input scale * weight scale. -> (q, Quant)"""
    scale = float32(input_quant.scale[0] * np.asarray(weight_quant.scale))
    q = np.rint(bias / scale)
    return q.astype(np.int32), Quant(scale, [0] * scale.size, 0)


def quantize(x, quant, dtype=np.int8):
    """Real numbers to the nearest of the 256 steps, saturating."""
    limits = np.iinfo(dtype)
    q = np.rint(x / quant.scale[0]) + quant.zero_point[0]
    return np.clip(q, limits.min, limits.max).astype(dtype)


# ---- Fixed-point arithmetic --------------------------------------------------------------------


def quantize_multiplier(real):
    """real = m * 2^(shift - 31) with m in [2^30, 2^31), for one positive number."""
    fraction, shift = np.frexp(real)
    m = int(np.floor(fraction * 2.0**31 + 0.5))
    if m == 1 << 31:
        m, shift = m // 2, shift + 1
    return (m, int(shift)) if shift >= -31 else (0, 0)


def rounding_doubling_high_mul(a, b):
    """The high half of 2ab, rounded to nearest, ties up: what ARM calls SQRDMULH.

    The one product that would saturate, (-2^31)^2, cannot occur here. Truncation of a negative
    quotient is why the nudge depends on the sign.
    """
    product = np.int64(a) * np.int64(b)
    nudged = product + np.where(product >= 0, 1 << 30, 1 - (1 << 30))
    return np.where(nudged >= 0, nudged >> 31, -(-nudged >> 31))


def rounding_divide_by_pot(x, exponent):
    """x / 2^exponent, rounded to nearest, ties away from zero."""
    mask = (np.int64(1) << exponent) - 1
    threshold = (mask >> 1) + (x < 0)
    return (x >> exponent) + ((x & mask) > threshold)


def requantize(acc, quants, relu):
    """A convolution's accumulators [..., O] to int8, in two roundings."""
    m, shift = np.array([quantize_multiplier(s) for s in effective_scales(quants)], np.int64).T
    left, right = np.maximum(shift, 0), np.maximum(-shift, 0)
    q = rounding_divide_by_pot(rounding_doubling_high_mul(acc << left, m), right)
    return to_int8(q, quants, relu)


def requantize_in_double(acc, quants, relu):
    """A fully connected layer's accumulators [N, O] to int8: here the reference rounds once."""
    real = acc * effective_scales(quants)
    return to_int8(np.trunc(real + np.copysign(0.5, real)).astype(np.int64), quants, relu)


def effective_scales(quants):
    """Steps of the output for one step of each accumulator; `quants`: input, weights, output."""
    inputs, weights, output = quants
    return np.float64(inputs.scale[0]) * np.asarray(weights.scale, np.float64) / output.scale[0]


def to_int8(q, quants, relu):
    """Adds the output's zero point, which is also where RELU has its bound, and saturates."""
    zero_point = quants[2].zero_point[0]
    return np.clip(q + zero_point, zero_point if relu else -128, 127).astype(np.int8)


# ---- Softmax -----------------------------------------------------------------------------------
# Fixed point, as gemmlowp defines it: a Q(n) number has n integer bits and 31 - n fraction bits.


def softmax(q, input_scale, beta=1.0):
    """int8 [N, C] -> int8 [N, C] with scale 1/256 and zero point -128.

    Differences to the largest input are scaled to Q5; those beyond -32 count as exp() = 0.
    """
    m, shift = quantize_multiplier(min(beta * input_scale * 2.0**26, 2.0**31 - 1))
    lowest = -np.floor(31.0 * 2.0**26 / 2.0**shift)
    diff = np.int64(q) - np.int64(q).max(axis=-1, keepdims=True)
    e = exp_q5(rounding_doubling_high_mul(np.maximum(diff, lowest).astype(np.int64) << shift, m))
    e = np.where(diff >= lowest, e, 0)
    total = rounding_divide_by_pot(e, 12).sum(axis=-1, keepdims=True)  # Q12
    reciprocal, bits_over_unit = reciprocal_q12(total)
    p = rounding_divide_by_pot(rounding_doubling_high_mul(reciprocal, e), bits_over_unit + 23)
    return np.where(diff >= lowest, np.clip(p - 128, -128, 127), -128).astype(np.int8)


def exp_q5(a):
    """exp(a) in Q0 for a <= 0 in Q5: a polynomial on [-1/4, 0), a factor for each higher bit."""
    quarter = 1 << 24
    remainder = (a & (quarter - 1)) - quarter
    result = exp_between_minus_quarter_and_0(remainder << 5)
    bits = remainder - a
    for power in range(-2, 5):
        factor = int(np.floor(np.exp(-(2.0**power)) * 2.0**31 + 0.5))
        is_set = (bits >> (26 + power)) & 1
        result = np.where(is_set == 1, rounding_doubling_high_mul(result, factor), result)
    return np.where(a == 0, (1 << 31) - 1, result)


def exp_between_minus_quarter_and_0(a):
    """exp(a) in Q0 for a in Q0: exp(-1/8) times the Taylor series of exp(x), x = a + 1/8."""
    mul = rounding_doubling_high_mul
    exp_minus_eighth, third = 1895147668, 715827883
    x = a + (1 << 28)
    x2 = mul(x, x)
    x3, x4 = mul(x2, x), mul(x2, x2)
    # x^4/24 + x^3/6 + x^2/2 = ((x^4/4 + x^3) / 3 + x^2) / 2
    tail = rounding_divide_by_pot(mul(rounding_divide_by_pot(x4, 2) + x3, third) + x2, 1)
    return exp_minus_eighth + mul(exp_minus_eighth, x + tail)


def reciprocal_q12(total):
    """1 / total for total >= 1 in Q12. -> (Q0 mantissa, bits): 1/total = mantissa / 2^bits."""
    bits = np.floor(np.log2(total.astype(np.float64))).astype(np.int64) + 1
    headroom = 32 - bits
    fraction = (total << headroom) - (1 << 31)
    return one_over_one_plus(fraction), 12 - headroom


def one_over_one_plus(x):
    """1 / (1 + x) in Q0 for x in [0, 1) in Q0, by three Newton-Raphson steps in Q2."""
    mul = rounding_doubling_high_mul
    half_denominator = (x + (1 << 31)) >> 1
    y = 1515870810 + mul(half_denominator, -1010580540)  # 48/17 - 32/17 d
    for _ in range(3):
        error = (1 << 29) - mul(half_denominator, y)
        y = y + (mul(y, error) << 2)
    return np.minimum(y << 1, (1 << 31) - 1)  # halved, and from Q1 to Q0


# ---- Layers ------------------------------------------------------------------------------------


def conv(function, x, w, b, quants, relu, **geometry):
    """ops.conv2d or ops.depthwise_conv2d over int8; `quants`: input, weights, output."""
    return requantize(accumulate(function, x, w, b, quants, **geometry), quants, relu)


def fully_connected(x, w, b, quants, relu=False):
    """ops.fully_connected over int8; `quants`: input, weights, output."""
    acc = accumulate(ops.fully_connected, x, w, b, quants)
    return requantize_in_double(acc, quants, relu)


def accumulate(function, x, w, b, quants, **geometry):
    """The sums before they are scaled.

    Padding with 0, after the zero point has been taken off, is padding with the zero point.
    """
    return function(np.int64(x) - quants[0].zero_point[0], np.int64(w), np.int64(b), **geometry)
