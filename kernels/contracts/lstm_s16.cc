// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/lstm_s16.h"

namespace pipit {
namespace {

constexpr LstmS16Variant kVariants[] = {
    {"portable", kCpuPortable, add_rescaled_s16, gate_logistic_s16, gate_tanh_s16, update_cell_s16,
     multiply_gate_s8},
#if PIPIT_ARM
    {"neon", kCpuNeon, add_rescaled_s16_neon, gate_logistic_s16_neon, gate_tanh_s16_neon,
     update_cell_s16_neon, multiply_gate_s8_neon},
#endif
};

}  // namespace

Span<const LstmS16Variant> lstm_s16_variants() { return kVariants; }

}  // namespace pipit
