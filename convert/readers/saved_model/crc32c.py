# SPDX-License-Identifier: Apache-2.0
"""The checksum CRC-32C, many bytes at a time: a checksum is linear, so the parts of a long file are
computed side by side and joined."""

from __future__ import annotations

import numpy as np

from ...format.graph import Array

_POLYNOMIAL = 0x82F63B78
_LANES = 2048
_MASK = 0xA282EAD8


def _table() -> Array:
    values = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        values = (values >> 1) ^ np.where(values & 1, np.uint32(_POLYNOMIAL), np.uint32(0))
    return values


_TABLE = _table()
_SMALL = _TABLE.tolist()


def crc32c(data: memoryview) -> int:
    """Of bytes in one dimension."""
    size = len(data) // _LANES
    if size < 64:
        return _few(data, 0xFFFFFFFF) ^ 0xFFFFFFFF
    lanes = np.frombuffer(data[:size * _LANES], np.uint8).reshape(_LANES, size)
    state = np.zeros(_LANES, np.uint32)
    state[0] = 0xFFFFFFFF
    for column in range(size):
        state = _TABLE[(state ^ lanes[:, column]) & 0xFF] ^ (state >> 8)
    return _few(data[size * _LANES:], _join(state, size)) ^ 0xFFFFFFFF


def masked(data: memoryview) -> int:
    """As files of TensorFlow have it."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + _MASK) & 0xFFFFFFFF


def _few(data: memoryview, state: int) -> int:
    for byte in data:
        state = _SMALL[(state ^ byte) & 0xFF] ^ state >> 8
    return state


def _join(state: Array, size: int) -> int:
    """The state after all lanes, each of which is `size` bytes long."""
    move = _after_zeros(size)
    while len(state) > 1:
        state = _apply(move, state[0::2]) ^ state[1::2]
        move = _apply(move, move)
    return int(state[0])


def _after_zeros(count: int) -> Array:
    """What `count` zero bytes make of each of the 32 bits of a state."""
    step = 1 << np.arange(32, dtype=np.uint32)
    result = step
    power = _TABLE[step & 0xFF] ^ (step >> 8)
    while count:
        result = _apply(power, result) if count & 1 else result
        power = _apply(power, power)
        count >>= 1
    return result


def _apply(columns: Array, values: Array) -> Array:
    out = np.zeros_like(values)
    for bit in range(32):
        out ^= np.where(values >> np.uint32(bit) & 1, columns[bit], np.uint32(0))
    return out
