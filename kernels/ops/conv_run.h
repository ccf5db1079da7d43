// SPDX-License-Identifier: Apache-2.0
// How the convolution operators call their kernels, for all types: Args is a kernel's argument
// struct, and its fields tell what it needs.
#pragma once

#include <algorithm>
#include <cstring>

#include "kernels/contracts/hybrid.h"
#include "kernels/contracts/row_sums.h"
#include "kernels/contracts/variant.h"
#include "kernels/math/int4.h"
#include "kernels/ops/conv_common.h"
#include "kernels/ops/scratch.h"

namespace pipit {

template <class Args>
concept Requantizes = requires(Args a) {
  a.requantize;
};
template <class Args>
concept SumsInt16 = requires(Args a) {
  a.bias.wide_sums;
};
template <class Args>
concept Hybrid = requires(Args a) {
  a.weight_sums;
};
// Whether the arguments carry, for each channel, a number made of its weights.
template <class Args>
concept Folds = requires(Args a) {
  a.in_zero_point;
};

// That number: bias - in_zero_point * sum of (weights - weights_zero_point). Kernels sum plain
// products of bytes; what the zero points add to them depends on the weights alone, so it joins the
// bias. All of it wraps, as the sums do.
struct Fold {
  const int32_t* bias = nullptr;  // nullptr for zeros
  int32_t in_zero_point = 0;
  int32_t weights_zero_point = 0;

  int32_t operator()(int32_t channel, int32_t sum, int32_t weights) const {
    const uint32_t b = bias != nullptr ? static_cast<uint32_t>(bias[channel]) : 0;
    const uint32_t real = static_cast<uint32_t>(sum) - static_cast<uint32_t>(weights_zero_point) *
                                                           static_cast<uint32_t>(weights);
    return static_cast<int32_t>(b - static_cast<uint32_t>(in_zero_point) * real);
  }
};

template <Folds Args>
Fold fold_of(const Args& a, const Tensor* bias) {
  if constexpr (Hybrid<Args>) {
    return {.in_zero_point = -1};  // the plain sum
  } else {
    const int32_t* b = bias != nullptr ? bias->as<int32_t>() : nullptr;
    if constexpr (requires { a.weights_zero_point; }) {
      // Kernels of uint8 take 128 off each activation.
      return {b, a.in_zero_point - 128, a.weights_zero_point};
    } else {
      return {b, a.in_zero_point};
    }
  }
}

// What few convolutions need beside.
struct ConvExtras {
  size_t filter_scratch = 0, folded_scratch = 0;  // in a share's memory, behind its kernel's own
  size_t image_scratch = 0;                       // behind the memory of all shares
  HybridInput hybrid;
  void (*row_sums)(const RowSums&) = nullptr;
};

// `copies`: weights are not read where they lie.
template <class Args>
bool needs_extras(bool copies, const int32_t* folded) {
  return Hybrid<Args> || copies || (Folds<Args> && folded == nullptr);
}

// Everything of the arguments that depends on quantization and activation.
template <class Args>
Status set_arithmetic(Prepare& p, const ConvSpec& spec, Args* a, HybridInput* hybrid) {
  const ConvTensors t = conv_tensors(p, spec.inputs);
  if constexpr (Requantizes<Args>) {
    PIPIT_TRY(prepare_requantize(p, t, spec, &a->requantize));
    if constexpr (Folds<Args>) a->in_zero_point = t.input.zero_point;
    if constexpr (requires { a->weights_zero_point; }) a->weights_zero_point = t.weights.zero_point;
    if constexpr (SumsInt16<Args>) {
      PIPIT_TRY(choose_wide_sums(p, t, spec, &a->bias.wide_sums));
      if (t.bias != nullptr && t.bias->type == Type::kInt16) {
        PIPIT_TRY(widen_bias(p, t, spec.inputs.bias, &a->bias.wide));
      }
    }
  } else {
    const RealRange range = activation_range(spec.activation);
    a->min = range.min;
    a->max = range.max;
    if constexpr (Hybrid<Args>) PIPIT_TRY(prepare_hybrid(p, t, spec, hybrid, &a->scales));
  }
  return {};
}

template <class Args>
void set_bias(const Tensor* bias, Args* a) {
  if (bias == nullptr) return;
  if constexpr (SumsInt16<Args>) {
    if (bias->type == Type::kInt64) a->bias.wide = bias->as<int64_t>();
    if (bias->type == Type::kInt32) a->bias.narrow = bias->as<int32_t>();
  } else if constexpr (!Requantizes<Args>) {
    a->bias = bias->as<float>();
  }
}

// Constants whose addresses are in the arguments from now on.
template <class Args>
void detach_constants(Prepare& p, const ConvInputs& at, const int32_t* folded, Args* a) {
  a->weights = static_cast<decltype(a->weights)>(p.detach(at.weights));
  // What is folded while running reads the bias as the step's tensor.
  const bool folds_bias = Folds<Args> && Requantizes<Args>;
  if (folds_bias && folded == nullptr) return;
  if (p.detach(at.bias) != nullptr) set_bias(p.optional_input(at.bias), a);
}

// The tensors' addresses, which a step learns when it runs.
template <class Args>
void set_addresses(const Step& s, const ConvInputs& at, Args* a) {
  // Hybrid kernels read quantized copies instead: for_each_image() makes them.
  if constexpr (!Hybrid<Args>) a->in = static_cast<decltype(a->in)>(s.input(at.input).data);
  a->weights = s.bytes(at.weights, a->weights);
  a->out = static_cast<decltype(a->out)>(s.output(0).data);
  a->scratch = s.scratch;
  set_bias(s.optional_input(at.bias), a);
}

// Narrows the arguments to the output channels [first, first + n); not yet their weights. `folded`
// is that of the first channel.
template <class Args>
void take_channels(int32_t first, int32_t n, const int32_t* folded, Args* a) {
  a->size.out_c = n;
  a->out += first;
  if constexpr (Requantizes<Args>) {
    a->requantize.multiplier += first;
    a->requantize.shift += first;
  }
  if constexpr (SumsInt16<Args>) {
    if (a->bias.wide != nullptr) a->bias.wide += first;
    if (a->bias.narrow != nullptr) a->bias.narrow += first;
  } else if constexpr (!Requantizes<Args>) {
    if (a->bias != nullptr) a->bias += first;
  }
  if constexpr (Hybrid<Args>) {
    a->weight_sums = folded;
    if (a->scales != nullptr) a->scales += first;
  } else if constexpr (Folds<Args>) {
    a->bias = folded;
  }
}

// ---- some rows at a time: weights that the kernel arranges once for all calls

template <class Args>
concept Arranges = requires(Args a) {
  a.arranged;
};

// Those of more bytes are arranged, or passed over, by each call: they belong to layers whose
// activations are small beside them.
constexpr int32_t kMostArranged = 16 << 10;

// OpStep is ConvStep or DepthwiseStep, here and below.
template <class Args, class OpStep>
ByteCount arranged_bytes(const OpStep& step) {
  if constexpr (Arranges<Args>) {
    const bool can =
        step.kernel->arranged_bytes != nullptr && step.plan.is_one_call(step.args.size);
    const ByteCount bytes = can ? step.kernel->arranged_bytes(step.args) : ByteCount();
    if (bytes <= kMostArranged) return bytes;
  }
  return 0;
}

// For the question how much scratch memory a call takes: where the weights are does not matter.
template <class Args, class OpStep>
void mark_arranged(const OpStep& step, Args* a) {
  static constexpr uint8_t kAnywhere = 0;
  if constexpr (Arranges<Args>) {
    if (arranged_bytes<Args>(step) != 0) a->arranged = &kAnywhere;
  }
}

template <class Args, class OpStep>
void arrange(const Step& s, uint8_t* kept) {
  const auto& step = *s.params<OpStep>();
  Args a = step.args;
  set_addresses(s, step.plan.inputs, &a);
  step.kernel->arrange(a, kept);
}

template <class Args, class OpStep>
void keep_arranged(const Step& s, RowsPlan* plan) {
  plan->kept = arranged_bytes<Args>(*s.params<OpStep>());
  if (plan->kept != 0) plan->begin = arrange<Args, OpStep>;
}

// Calls convolve(arguments of one image) for each image of the batch, quantized where the kernel
// needs that. All images go at once unless that or `one_by_one` forbids it.
template <class Args, class Convolve>
void for_each_image(const Step& s, const ConvInputs& at, const ConvExtras* with, Args a,
                    bool one_by_one, Convolve convolve) {
  if (!Hybrid<Args> && !one_by_one) return convolve(a);
  const int32_t elements = a.size.in_h * a.size.in_w * a.stride.in_pixel;
  const int32_t batch = a.size.batch;
  a.size.batch = 1;
  for (int32_t b = 0; b < batch; ++b) {
    if constexpr (Hybrid<Args>) {
      const HybridInput& hybrid = with->hybrid;
      auto* quantized = reinterpret_cast<int8_t*>(s.scratch + with->image_scratch);
      a.in = quantized;
      const float* image = s.input(at.input).as<float>() + ptrdiff_t{b} * elements;
      quantize_rows(*hybrid.kernels, image, elements, !hybrid.symmetric,
                    {.values = quantized,
                     .scale = &a.in_scale,
                     .zero_point = &a.in_zero_point,
                     .rows = 1,
                     .depth = elements});
      a.in_scale *= hybrid.weights_scale;
    }
    convolve(a);
    if constexpr (!Hybrid<Args>) a.in += elements;
    a.out += ptrdiff_t{a.size.out_h} * a.stride.out_row;
  }
}

}  // namespace pipit
