// SPDX-License-Identifier: Apache-2.0
// How the convolution operators call their kernels, for all types: Args is a kernel's argument
// struct, and its fields tell what it needs.
#pragma once

#include <algorithm>
#include <cstring>

#include "kernels/contracts/hybrid.h"
#include "kernels/contracts/matmul.h"
#include "kernels/contracts/row_sums.h"
#include "kernels/contracts/variant.h"
#include "kernels/math/int4.h"
#include "kernels/ops/conv_calls.h"
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
template <class Args>
concept Depthwise = requires(Args a) {
  a.multiplier;
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

// What the steps need that are more than one call of a kernel.
struct ConvExtras {
  ConvCuts cuts;
  bool packed = false;                            // int4 weights
  int32_t in_pixel = 0;                           // see ConvStrides
  size_t share_scratch = 0;                       // bytes for each share
  size_t filter_scratch = 0, folded_scratch = 0;  // in a share's memory, behind its kernel's own
  size_t image_scratch = 0;                       // behind the memory of all shares
  HybridInput hybrid;
  void (*row_sums)(const RowSums&) = nullptr;
  void (*pixel)(const MatmulS8&) = nullptr;  // instead of the kernel: int8, of one pixel

  // Weights are not read where they lie.
  bool copies_filters() const { return packed || cuts.transposed; }
};

// The layer has the file's sizes, but the input channels of a group. (Of TRANSPOSE_CONV: input and
// output as they are, and the output's stride.)
template <class Args>
struct ConvStep {
  typename Args::Layer layer;
  const KernelVariant<Args>* kernel = nullptr;
  const ConvExtras* extras = nullptr;  // nullptr: all is one call
  ConvInputs inputs;
};

// What is folded of the first channel, or nullptr if it is found while running.
template <class Layer>
auto& folded_in(Layer& layer) {
  if constexpr (requires { layer.weight_sums; }) {
    return layer.weight_sums;
  } else {
    return layer.bias;
  }
}
template <class Args>
bool is_folded(const ConvStep<Args>& step) {
  if constexpr (Folds<Args>) return folded_in(step.layer) != nullptr;
  return true;
}

// Whether it takes more than one call of a kernel.
template <class Args>
bool needs_extras(const ConvStep<Args>& step, const ConvExtras& with) {
  return Hybrid<Args> || with.copies_filters() || with.pixel != nullptr || !is_folded(step) ||
         with.cuts.split.shares > 1 || !with.cuts.is_one_call(step.layer.size);
}

// Everything of the arguments that depends on quantization and activation.
template <class Args>
Status set_arithmetic(Prepare& p, const ConvSpec& spec, typename Args::Layer* a,
                      HybridInput* hybrid) {
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

template <class Layer>
void set_bias(const Tensor* bias, Layer* a) {
  if (bias == nullptr) return;
  if constexpr (SumsInt16<Layer>) {
    if (bias->type == Type::kInt64) a->bias.wide = bias->as<int64_t>();
    if (bias->type == Type::kInt32) a->bias.narrow = bias->as<int32_t>();
  } else if constexpr (!Requantizes<Layer>) {
    a->bias = bias->as<float>();
  }
}

// Constants whose addresses are in the layer from now on.
template <class Args>
void detach_constants(Prepare& p, ConvStep<Args>* step) {
  auto& layer = step->layer;
  const ConvInputs& at = step->inputs;
  layer.weights = static_cast<decltype(layer.weights)>(p.detach(at.weights));
  if (Folds<Args> && Requantizes<Args> && !is_folded(*step)) return;
  if (p.detach(at.bias) != nullptr) set_bias(p.optional_input(at.bias), &layer);
}

// The arguments of all of it; where it reads and writes is yet to come.
template <class Args>
Args args_of(const Step& s, const ConvStep<Args>& step) {
  Args a;
  static_cast<typename Args::Layer&>(a) = step.layer;
  a.stride = dense_strides(a.size);
  if (step.extras != nullptr) a.stride.in_pixel = step.extras->in_pixel;
  if constexpr (Depthwise<Args>) {
    a.multiplier = a.size.out_c / a.size.in_c;
    a.weights_tap = a.size.out_c;
  }
  a.weights = s.bytes(step.inputs.weights, a.weights);
  set_bias(s.optional_input(step.inputs.bias), &a);
  return a;
}

// The tensors' addresses, which a step learns when it runs.
template <class Args>
void set_memory(const Step& s, const ConvInputs& at, Args* a) {
  if constexpr (!Hybrid<Args>) a->in = static_cast<decltype(a->in)>(s.input(at.input).data);
  a->out = static_cast<decltype(a->out)>(s.output(0).data);
  a->scratch = s.scratch;
}

// Narrows the arguments of all channels to those from `first` on; not yet the weights.
template <class Args>
void take_channels(int32_t first, Args* a) {
  a->out += first;
  if constexpr (Requantizes<Args>) {
    a->requantize.multiplier += first;
    a->requantize.shift += first;
  }
  if constexpr (SumsInt16<Args>) {
    a->bias.wide = moved(a->bias.wide, first);
    a->bias.narrow = moved(a->bias.narrow, first);
  } else {
    a->bias = moved(a->bias, first);
  }
  if constexpr (Hybrid<Args>) {
    a->weight_sums = moved(a->weight_sums, first);
    a->scales = moved(a->scales, first);
  }
}

// Calls convolve(arguments of one image) for each image of the batch, quantized where the kernel
// needs that. All images go at once unless that or a transposed convolution forbids it.
template <class Args, class Convolve>
void for_each_image(const Step& s, const ConvStep<Args>& step, Args a, Convolve convolve) {
  const ConvExtras& with = *step.extras;
  if (!Hybrid<Args> && !with.cuts.transposed) return convolve(a);
  const int32_t elements = a.size.in_h * a.size.in_w * a.stride.in_pixel;
  const int32_t batch = a.size.batch;
  a.size.batch = 1;
  for (int32_t b = 0; b < batch; ++b) {
    if constexpr (Hybrid<Args>) {
      const HybridInput& hybrid = with.hybrid;
      auto* quantized = reinterpret_cast<int8_t*>(s.scratch + with.image_scratch);
      a.in = quantized;
      const float* image =
          s.input(step.inputs.input).template as<float>() + ptrdiff_t{b} * elements;
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

// Calls visit(arguments, call) for the calls of all images and shares. Of the arguments, what
// belongs to channels is still that of all of them.
template <class Args, class Visit>
void for_each_call(const Step& s, const ConvStep<Args>& step, const Args& all, const Run& run,
                   const Visit& visit) {
  const ConvExtras& with = *step.extras;
  for_each_image(s, step, all, [&](const Args& images) {
    run.for_each_share(with.cuts.split.shares, [&](int32_t share) {
      const ConvCall whole = {.size = images.size, .stride = images.stride};
      for_calls(with.cuts, whole, share, [&](const ConvCall& call) {
        Args a = images;
        take_call(call, &a);
        a.scratch += with.share_scratch * static_cast<size_t>(share);
        visit(a, call);
      });
    });
  });
}

// What a variant needs for the largest of all calls.
template <class Args>
[[gnu::cold]] ByteCount scratch_of_calls(const ConvCuts& c, Args whole,
                                         const KernelVariant<Args>& variant) {
  ByteCount most;
  const ConvCall all = {.size = whole.size, .stride = whole.stride};
  for (int32_t share = 0; variant.scratch != nullptr && share < c.split.shares; ++share) {
    for_kinds_of_calls(c, all, share, [&](const ConvCall& call) {
      take_call(call, &whole);
      most = std::max(most, variant.scratch(whole));
    });
  }
  return most;
}

// ---- some rows at a time: weights that the kernel arranges once for all calls

// Those of more bytes are arranged, or passed over, by each call: they belong to layers whose
// activations are small beside them.
constexpr int32_t kMostArranged = 16 << 10;

template <class Args>
ByteCount arranged_bytes(const Step& s, const ConvStep<Args>& step) {
  const bool one = step.extras == nullptr || step.extras->cuts.is_one_call(step.layer.size);
  // Several calls have other channels each, and would need weights of their own.
  if (step.kernel->arranged_bytes == nullptr || !one) return 0;
  const ByteCount bytes = step.kernel->arranged_bytes(args_of(s, step));
  return bytes <= kMostArranged ? bytes : ByteCount();
}

template <class Args>
void arrange(const Step& s, uint8_t* kept) {
  const auto& step = *s.params<ConvStep<Args>>();
  step.kernel->arrange(args_of(s, step), kept);
}

template <class Args>
void keep_arranged(const Step& s, RowsPlan* plan) {
  plan->kept = arranged_bytes(s, *s.params<ConvStep<Args>>());
  if (plan->kept != 0) plan->begin = arrange<Args>;
}

// For the question how much scratch memory a call takes: where the weights are does not matter.
template <class Args>
void mark_arranged(const Step& s, const ConvStep<Args>& step, Args* a) {
  static constexpr uint8_t kAnywhere = 0;
  if (arranged_bytes(s, step) != 0) a->arranged = &kAnywhere;
}

// Whether the calls of some rows need nothing but their kernel's scratch memory.
template <class Args>
bool can_go_by_rows(const ConvStep<Args>& step) {
  const bool plain =
      step.extras == nullptr || (!step.extras->copies_filters() && step.extras->pixel == nullptr);
  return !Hybrid<Args> && plain && step.layer.size.batch == 1 && is_folded(step);
}

}  // namespace pipit
