// SPDX-License-Identifier: Apache-2.0
// UNIDIRECTIONAL_SEQUENCE_LSTM: input [batch, time, values], or time first.
#include "kernels/ops.h"
#include "kernels/ops/lstm.h"

namespace pipit {
namespace {

Status prepare(Prepare& p) {
  if (p.inputs() != 20 && p.inputs() != 24)
    return p.bad("has ", p.inputs(), " inputs, not 20 or 24");
  PIPIT_TRY(p.arity(1, 24, 1));
  const auto* o = options<fb::UnidirectionalSequenceLSTMOptions>(p);
  if (o == nullptr) return p.bad("has no UnidirectionalSequenceLSTMOptions");
  if (p.input(0).shape.rank != 3) return p.bad("input ", p.input(0), " is not a sequence");
  lstm::Settings settings;
  settings.activation = o->fused_activation_function();
  settings.cell_clip = o->cell_clip();
  settings.projection_clip = o->proj_clip();
  settings.time_major = o->time_major();
  settings.asymmetric_inputs = o->asymmetric_quantize_inputs();
  return lstm::prepare(p, {}, settings);
}

}  // namespace

const Op kUnidirectionalSequenceLstm = {builtin(fb::BuiltinOperator::UNIDIRECTIONAL_SEQUENCE_LSTM),
                                        "UNIDIRECTIONAL_SEQUENCE_LSTM", prepare, kOpNoFold};

}  // namespace pipit
