// SPDX-License-Identifier: Apache-2.0
// CIRCULAR_BUFFER of TensorFlow Lite Micro: the last inputs, [1, slots, width, depth], the newest
// last. What follows runs only every `cycles_max` invocations; the others end here.
#include <cstring>

#include "core/early_end.h"
#include "kernels/ops.h"
#include "kernels/ops/custom_options.h"

namespace pipit {
namespace {

struct Params {
  int32_t* cycle;  // invocations since the last that ran to its end
  int8_t* slots;   // less the zero point, so that they begin with it
  int32_t cycles;
  uint8_t zero_point;
};

Status run(const Step& s, Run& run) {
  const auto& p = *s.params<Params>();
  const size_t bytes = s.output(0).bytes, row = s.input(0).bytes;
  const auto* in = s.input(0).as<uint8_t>();
  auto* slots = reinterpret_cast<uint8_t*>(p.slots);
  auto* out = s.output(0).as<uint8_t>();
  // The oldest slot drops out at the front.
  std::memmove(slots, slots + row, bytes - row);
  for (size_t i = 0; i < row; ++i) {
    slots[bytes - row + i] = static_cast<uint8_t>(in[i] - p.zero_point);
  }
  for (size_t i = 0; i < bytes; ++i) out[i] = static_cast<uint8_t>(slots[i] + p.zero_point);
  *p.cycle = (*p.cycle + 1) % p.cycles;
  if (*p.cycle == 0) return {};
  // No failure, but the end of this invocation; the message is for whoever asks why.
  (void)run.fail(s, "waits for more inputs: ", p.cycles - *p.cycle);
  return kEndsEarly;
}

// Without the option, the number of slots tells the layers that run each time in the two models
// that this was made for.
Status find_cycles(const Prepare& p, int32_t* cycles) {
  *cycles = integer_option(p, "cycles_max");
  if (*cycles > 0) return {};
  const Shape& out = p.output(0).shape;
  const int32_t slots = out[1];
  *cycles = slots == 5 || slots == 13 || slots == 25 ? 1 : 2;
  if (*cycles == 1 || out[2] != 2 || out[3] != 96) return {};
  return p.unsupported("has no cycles_max, which ", p.output(0), " does not tell");
}

Status check_shapes(const Prepare& p) {
  const Shape& in = p.input(0).shape;
  const Shape& out = p.output(0).shape;
  if (in.rank != 4 || in[0] != 1 || in[1] != 1 || in.product(0, 4) < 1) {
    return p.bad("input ", p.input(0), " is not [1,1,width,depth]");
  }
  if (out.rank == 4 && out[0] == 1 && out[1] > 0 && out[2] == in[2] && out[3] == in[3]) return {};
  return p.bad("output ", p.output(0), " is not [1,slots,", in[2], ",", in[3], "]");
}

Status prepare(Prepare& p) {
  PIPIT_TRY(need_one_to_one(p, types(Type::kInt8)));
  PIPIT_TRY(check_shapes(p));
  const Tensor& in = p.input(0);
  const Tensor& out = p.output(0);
  if (in.scale != out.scale || in.zero_point != out.zero_point) {
    return p.unsupported("input ", in, " and output ", out, " differ in quantization");
  }
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  PIPIT_TRY(find_cycles(p, &params->cycles));
  PIPIT_TRY(p.set_output(0, out.shape));
  PIPIT_TRY(p.state(1, &params->cycle));
  PIPIT_TRY(p.state(out.bytes, &params->slots));
  params->zero_point = static_cast<uint8_t>(out.zero_point);
  return p.run(run, params, "portable");
}

}  // namespace

const Op kCircularBuffer = {kCustomOp, "CIRCULAR_BUFFER", prepare, kOpNoFold};

}  // namespace pipit
