// SPDX-License-Identifier: Apache-2.0
// Times every variant of the kernels that this CPU can run, on layers of well-known networks: to be
// run on a board.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/contracts/activation_f32.h"
#include "kernels/contracts/add_s8.h"
#include "kernels/contracts/arg_max.h"
#include "kernels/contracts/arithmetic_f32.h"
#include "kernels/contracts/conv_f32.h"
#include "kernels/contracts/conv_hybrid.h"
#include "kernels/contracts/conv_s8.h"
#include "kernels/contracts/conv_u8.h"
#include "kernels/contracts/depthwise_f32.h"
#include "kernels/contracts/depthwise_hybrid.h"
#include "kernels/contracts/depthwise_s8.h"
#include "kernels/contracts/depthwise_u8.h"
#include "kernels/contracts/function_f32.h"
#include "kernels/contracts/lookup_u8.h"
#include "kernels/contracts/matmul.h"
#include "kernels/contracts/mul_s8.h"
#include "kernels/contracts/pool.h"
#include "kernels/contracts/prelu_s8.h"
#include "kernels/contracts/quantize_f32.h"
#include "kernels/contracts/requantize_s8.h"
#include "kernels/contracts/rescale.h"
#include "kernels/contracts/resize_bilinear.h"
#include "kernels/contracts/softmax.h"
#include "pipit/cpu.h"

namespace pipit {
namespace {

struct Layer {
  const char* name;
  int32_t in, in_c, out_c, kernel, stride;  // square images and windows
};

constexpr Layer kConvolutions[] = {
    {"mobilenet_v2 first 3x3", 224, 3, 32, 3, 2},   {"mobilenet_v2 expand 56", 56, 24, 144, 1, 1},
    {"mobilenet_v2 project 28", 28, 192, 32, 1, 1}, {"mobilenet_v2 expand 14", 14, 64, 384, 1, 1},
    {"mobilenet_v2 last 7", 7, 320, 1280, 1, 1},    {"resnet8 3x3 16", 32, 16, 16, 3, 1},
    {"ds_cnn pointwise", 25, 64, 64, 1, 1},
};
constexpr Layer kDepthwise[] = {
    {"mobilenet_v2 112", 112, 32, 32, 3, 1},
    {"mobilenet_v2 56 stride 2", 112, 96, 96, 3, 2},
    {"mobilenet_v2 14", 14, 384, 384, 3, 1},
    {"mobilenet_v2 7", 7, 960, 960, 3, 1},
    {"ds_cnn", 25, 64, 64, 3, 1},
};
constexpr Layer kPools[] = {{"global 7", 7, 1280, 1280, 7, 1}, {"2x2 56", 56, 64, 64, 2, 2}};

struct Dense {
  const char* name;
  int32_t rows, outputs, depth;
};
constexpr Dense kDense[] = {{"mobilenet_v2 classifier", 1, 1001, 1280},
                            {"anomaly 640x128", 1, 128, 640},
                            {"batch 16", 16, 256, 256}};

ConvGeometry geometry(const Layer& l) {
  ConvGeometry g;
  g.in_h = g.in_w = l.in;
  g.in_c = l.in_c;
  g.out_c = l.out_c;
  g.kernel_h = g.kernel_w = l.kernel;
  g.stride_h = g.stride_w = l.stride;
  const bool whole = l.kernel == l.in;  // a global pooling has no border
  g.out_h = g.out_w = whole ? 1 : (l.in + l.stride - 1) / l.stride;
  g.pad_top = g.pad_left = whole ? 0 : (l.kernel - 1) / 2;
  return g;
}

int64_t outputs_of(const ConvGeometry& g) { return int64_t{g.out_h} * g.out_w * g.out_c; }

// Never 0, which as a uint8 weight is the least one.
template <class T>
std::vector<T> values(int64_t n) {
  std::vector<T> v(static_cast<size_t>(n));
  for (size_t i = 0; i < v.size(); ++i) {
    const int value = static_cast<int>(i * 37 % 201) - 100;
    v[i] = static_cast<T>(value == 0 ? 1 : value);
  }
  return v;
}

// Rates: products (or results) and bytes a second. Bytes are those that have to move at least once.
void set_rates(benchmark::State& state, int64_t work, int64_t bytes) {
  const auto iterations = static_cast<double>(state.iterations());
  state.counters["work"] =
      benchmark::Counter(iterations * static_cast<double>(work), benchmark::Counter::kIsRate);
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * bytes);
}

// Data for a convolution of any type.
template <class Args>
struct ConvData {
  using T = std::remove_const_t<std::remove_pointer_t<decltype(Args::in)>>;
  using Out = std::remove_pointer_t<decltype(Args::out)>;

  ConvData(const ConvGeometry& g, int64_t weights_count, ByteCount (*scratch_bytes)(const Args&))
      : in(values<T>(int64_t{g.in_h} * g.in_w * g.in_c)),
        weights(values<T>(weights_count)),
        out(static_cast<size_t>(outputs_of(g))),
        bias(static_cast<size_t>(g.out_c), 100),
        real_bias(static_cast<size_t>(g.out_c), 1),
        multiplier(static_cast<size_t>(g.out_c), 1 << 30),
        shift(static_cast<size_t>(g.out_c), -8) {
    args.size = g;
    args.stride = dense_strides(g);
    args.in = in.data();
    args.weights = weights.data();
    args.out = out.data();
    if constexpr (requires { args.requantize; }) {
      args.bias = bias.data();
      args.requantize = {multiplier.data(), shift.data(), 0, -128, 127};
      if (std::is_same_v<T, uint8_t>)
        args.requantize = {multiplier.data(), shift.data(), 128, 0, 255};
    } else {
      args.bias = real_bias.data();
      args.max = 6;
    }
    if constexpr (requires { args.weight_sums; }) {
      args.weight_sums = bias.data();
      args.in_scale = 0.01f;
    }
    if constexpr (requires { args.no_weight_is_min; }) args.no_weight_is_min = true;
    if constexpr (requires { args.weights_tap; }) args.weights_tap = g.out_c;
    if (scratch_bytes != nullptr)
      scratch.resize(scratch_bytes(args).size() / sizeof(scratch[0]) + 1);
    args.scratch = reinterpret_cast<uint8_t*>(scratch.data());
  }

  int64_t bytes() const {
    return static_cast<int64_t>((in.size() + weights.size()) * sizeof(T) +
                                out.size() * sizeof(Out));
  }

  std::vector<T> in, weights;
  std::vector<Out> out;
  std::vector<int32_t> bias;
  std::vector<float> real_bias;
  std::vector<int32_t> multiplier;
  std::vector<int8_t> shift;
  struct alignas(16) Sixteen {
    uint8_t bytes[16];
  };
  std::vector<Sixteen> scratch;
  Args args;
};

bool can_run(CpuFeatures needs) { return (needs & ~detect_cpu()) == 0; }

std::string title(const char* kernel, const char* variant, const char* layer) {
  return std::string(kernel) + "/" + variant + "/" + layer;
}

// `depthwise`: each channel has its own window.
template <class Args, size_t n>
void add_convolutions(const char* kernel, Span<const KernelVariant<Args>> variants,
                      const Layer (&layers)[n], bool depthwise) {
  for (const KernelVariant<Args>& variant : variants) {
    if (!can_run(variant.needs)) continue;
    for (const Layer& layer : layers) {
      benchmark::RegisterBenchmark(title(kernel, variant.name, layer.name).c_str(),
                                   [variant, layer, depthwise](benchmark::State& state) {
                                     const ConvGeometry g = geometry(layer);
                                     const int64_t taps = int64_t{g.kernel_h} * g.kernel_w *
                                                          (depthwise ? 1 : g.in_c);
                                     ConvData<Args> data(g, taps * g.out_c, variant.scratch);
                                     for (auto _ : state) variant.run(data.args);
                                     set_rates(state, outputs_of(g) * taps, data.bytes());
                                   });
    }
  }
}

template <class M>
void add_dense(const char* kernel, Span<const MatmulVariant<M>> variants) {
  using In = std::remove_const_t<std::remove_pointer_t<decltype(M::in)>>;
  using Weight = std::remove_const_t<std::remove_pointer_t<decltype(M::weights)>>;
  using Sum = std::remove_pointer_t<decltype(M::out)>;
  for (const MatmulVariant<M>& variant : variants) {
    if (!can_run(variant.needs)) continue;
    for (const Dense& dense : kDense) {
      const auto run = [variant, dense](benchmark::State& state) {
        const auto in = values<In>(int64_t{dense.rows} * dense.depth);
        const auto weights = values<Weight>(int64_t{dense.outputs} * dense.depth);
        std::vector<Sum> out(static_cast<size_t>(dense.rows) * static_cast<size_t>(dense.outputs));
        M a;
        a.rows = dense.rows;
        a.outputs = dense.outputs;
        a.depth = dense.depth;
        a.in = in.data();
        a.weights = weights.data();
        a.out = out.data();
        a.in_stride = dense.depth;
        a.out_stride = dense.outputs;
        a.no_weight_is_min = true;
        for (auto _ : state) variant.run(a);
        const size_t bytes =
            in.size() * sizeof(In) + weights.size() * sizeof(Weight) + out.size() * sizeof(Sum);
        set_rates(state, int64_t{dense.rows} * dense.outputs * dense.depth,
                  static_cast<int64_t>(bytes));
      };
      benchmark::RegisterBenchmark(title(kernel, variant.name, dense.name).c_str(), run);
    }
  }
}

void add_pools(const char* kernel, Span<const PoolVariant<int8_t>> variants) {
  for (const PoolVariant<int8_t>& variant : variants) {
    if (!can_run(variant.needs)) continue;
    for (const Layer& layer : kPools) {
      const auto run = [variant, layer](benchmark::State& state) {
        Pool<int8_t> a;
        a.size = geometry(layer);
        a.stride = dense_strides(a.size);
        const auto in = values<int8_t>(int64_t{layer.in} * layer.in * layer.in_c);
        std::vector<int8_t> out(static_cast<size_t>(outputs_of(a.size)));
        a.in = in.data();
        a.out = out.data();
        a.clamp = {-128, 127};
        for (auto _ : state) variant.run(a);
        set_rates(state, outputs_of(a.size) * layer.kernel * layer.kernel,
                  static_cast<int64_t>(in.size() + out.size()));
      };
      benchmark::RegisterBenchmark(title(kernel, variant.name, layer.name).c_str(), run);
    }
  }
}

// Kernels whose arguments `make` fills in; each run makes `results` of them and moves `bytes`.
template <class Variants, class Make>
void add_rows(const char* kernel, const char* layer, Variants variants, int64_t results,
              int64_t bytes, const Make& make) {
  for (const auto& variant : variants) {
    if (!can_run(variant.needs)) continue;
    const auto run = [variant, make, results, bytes](benchmark::State& state) {
      const auto data = make();
      for (auto _ : state) variant.run(data->args);
      set_rates(state, results, bytes);
    };
    benchmark::RegisterBenchmark(title(kernel, variant.name, layer).c_str(), run);
  }
}

constexpr int32_t kElements = 56 * 56 * 24;  // of a layer of MobileNet V2

template <class Constants, class T = int8_t>
struct BinaryData {
  std::vector<T> a = values<T>(kElements), b = values<T>(kElements);
  std::vector<T> out = std::vector<T>(kElements);
  Constants constants;
  Binary args;

  explicit BinaryData(const Constants& c) : constants(c) {
    args.a = a.data();
    args.b = b.data();
    args.out = out.data();
    args.n = kElements;
    args.constants = &constants;
  }
};

void add_arithmetic(const char* kernel, Span<const BinaryVariant> variants) {
  add_rows(kernel, "mobilenet_v2 56", variants, kElements, 12 * kElements, [] {
    return std::make_unique<BinaryData<Clamp<float>, float>>(Clamp<float>{0, 6});
  });
}

void add_binary() {
  add_arithmetic("add_f32", add_f32_variants());
  add_arithmetic("div_f32", div_f32_variants());
  add_arithmetic("squared_difference_f32", squared_difference_f32_variants());
  add_rows("add_s8", "mobilenet_v2 56", add_s8_variants(), kElements, 3 * kElements, [] {
    AddQuantized q;
    q.multiplier_a = q.multiplier = 1 << 30;
    q.multiplier_b = 1234567890;
    q.shift_b = -1;
    q.shift = -18;
    q.left_shift = 20;
    q.min = -128;
    q.max = 127;
    return std::make_unique<BinaryData<AddQuantized>>(q);
  });
  add_rows("mul_s8", "mobilenet_v2 56", mul_s8_variants(), kElements, 3 * kElements, [] {
    MulQuantized q;
    q.multiplier = 1 << 30;
    q.shift = -6;
    q.min = -128;
    q.max = 127;
    return std::make_unique<BinaryData<MulQuantized>>(q);
  });
  add_rows("prelu_s8", "mobilenet_v2 56", prelu_s8_variants(), kElements, 3 * kElements, [] {
    PreluQuantized q;
    q.above_multiplier = q.below_multiplier = 1 << 30;
    q.above_shift = 1;
    q.below_shift = -6;
    q.min = -128;
    q.max = 127;
    return std::make_unique<BinaryData<PreluQuantized>>(q);
  });
}

// A kernel's arguments, with the arrays that they point to.
template <class Args, class In, class Out>
struct RowData {
  std::vector<In> in;
  std::vector<Out> out;
  Args args;

  RowData(int64_t inputs, int64_t outputs)
      : in(values<In>(inputs)), out(static_cast<size_t>(outputs)) {
    args.in = in.data();
    args.out = out.data();
  }
};

void add_lookup() {
  add_rows("lookup_u8", "mobilenet_v2 56", lookup_u8_variants(), kElements, 2 * kElements, [] {
    static constexpr LookupU8 kTable = {};
    auto data = std::make_unique<RowData<Unary, uint8_t, uint8_t>>(kElements, kElements);
    data->args.n = kElements;
    data->args.constants = &kTable;
    return data;
  });
}

void add_activation(const char* kernel, Span<const UnaryVariant> variants) {
  add_rows(kernel, "mobilenet_v2 56", variants, kElements, 8 * kElements, [] {
    static constexpr Clamp<float> kRelu6 = {0, 6};  // for those that take constants
    auto data = std::make_unique<RowData<Unary, float, float>>(kElements, kElements);
    data->args.n = kElements;
    data->args.constants = &kRelu6;
    return data;
  });
}

void add_activations() {
  add_activation("clamp_f32", clamp_f32_variants());
  add_activation("hard_swish_f32", hard_swish_f32_variants());
  add_activation("logistic_f32", logistic_f32_variants());
  add_activation("tanh_f32", tanh_f32_variants());
  add_activation("elu_f32", elu_f32_variants());
  add_activation("gelu_f32", gelu_f32_variants());
  add_activation("gelu_by_tanh_f32", gelu_by_tanh_f32_variants());
  add_activation("square_f32", square_f32_variants());
  add_activation("exp_f32", exp_f32_variants());
  add_activation("sqrt_f32", sqrt_f32_variants());
  add_activation("rsqrt_f32", rsqrt_f32_variants());
}

void add_quantize() {
  add_rows(
      "quantize_f32", "mobilenet_v2 56", quantize_f32_s8_variants(), kElements, 5 * kElements, [] {
        auto data = std::make_unique<RowData<QuantizeF32, float, int8_t>>(kElements, kElements);
        data->args.n = kElements;
        data->args.min = -128;
        data->args.max = 127;
        return data;
      });
  add_rows(
      "dequantize_s8", "mobilenet_v2 56", dequantize_s8_variants(), kElements, 5 * kElements, [] {
        auto data = std::make_unique<RowData<DequantizeS8, int8_t, float>>(kElements, kElements);
        data->args.n = kElements;
        return data;
      });
}

struct RescaleData {
  std::vector<int32_t> sums = values<int32_t>(kElements);
  std::vector<int8_t> out = std::vector<int8_t>(kElements);
  double scale = 0.3;
  RescaleS8 args;

  RescaleData() {
    args.outputs = kElements;
    args.sums = sums.data();
    args.out = out.data();
    args.scale = &scale;
    args.min = -128;
    args.max = 127;
  }
};

struct RequantizeData {
  std::vector<int32_t> sums = values<int32_t>(kElements);
  std::vector<int8_t> out = std::vector<int8_t>(kElements);
  int32_t term = 5;
  RequantizeS8 args;

  RequantizeData() {
    args.outputs = kElements;
    args.sums = sums.data();
    args.terms = &term;
    args.out = out.data();
    args.multiplier = 1 << 30;
    args.shift = -1;
  }
};

void add_rescale() {
  add_rows("requantize_s8", "mobilenet_v2 56", requantize_s8_variants(), kElements, 5 * kElements,
           [] { return std::make_unique<RequantizeData>(); });
  add_rows("rescale_s8", "mobilenet_v2 56", rescale_variants<int32_t, int8_t>(), kElements,
           5 * kElements, [] { return std::make_unique<RescaleData>(); });
}

void add_arg_max() {
  static constexpr int32_t kSize = 21, kRows = 65 * 65;
  add_rows("arg_max_u8", "deeplab", arg_max_u8_variants(), kSize * kRows, kSize * kRows, [] {
    auto data = std::make_unique<RowData<ArgMaxU8, uint8_t, int32_t>>(kSize * kRows, kRows);
    data->args.rows = kRows;
    data->args.size = kSize;
    return data;
  });
}

void add_softmax() {
  static constexpr int32_t kDepth = 1001;
  add_rows("softmax_s8", "mobilenet", softmax_s8_variants(), kDepth, 2 * kDepth, [] {
    static constexpr int32_t kExp[256] = {INT32_MAX, 1 << 30, 1 << 29};
    auto data = std::make_unique<RowData<SoftmaxS8, uint8_t, uint8_t>>(kDepth, kDepth);
    data->args.rows = 1;
    data->args.depth = kDepth;
    data->args.exp = kExp;
    return data;
  });
  for (const bool log : {false, true}) {
    add_rows(log ? "log_softmax_f32" : "softmax_f32", "mobilenet",
             log ? log_softmax_f32_variants() : softmax_f32_variants(), kDepth, 8 * kDepth, [] {
               auto data = std::make_unique<RowData<SoftmaxF32, float, float>>(kDepth, kDepth);
               data->args.rows = 1;
               data->args.depth = kDepth;
               return data;
             });
  }
}

// An image that grows to eight times its size.
struct ResizeData : RowData<ResizeBilinear<uint8_t>, uint8_t, uint8_t> {
  static constexpr int32_t kIn = 33, kOut = 257, kChannels = 21;
  std::vector<ResizeTap<float>> taps = std::vector<ResizeTap<float>>(kOut);
  std::vector<float> scratch = std::vector<float>(2 * kIn * kChannels);

  ResizeData() : RowData(kIn * kIn * kChannels, kOut * kOut * kChannels) {
    for (int32_t i = 0; i < kOut; ++i) {
      taps[static_cast<size_t>(i)] = {i / 8, std::min(i / 8 + 1, kIn - 1),
                                      static_cast<float>(i % 8) / 8};
    }
    args.in_h = args.in_w = kIn;
    args.out_h = args.out_w = kOut;
    args.channels = kChannels;
    args.rows = args.columns = taps.data();
    args.scratch = scratch.data();
  }
};

void add_resize() {
  constexpr int64_t kResults = int64_t{ResizeData::kOut} * ResizeData::kOut * ResizeData::kChannels;
  add_rows("resize_bilinear_u8", "deeplab", resize_bilinear_variants<uint8_t>(), kResults, kResults,
           [] { return std::make_unique<ResizeData>(); });
}

void add_all() {
  add_convolutions("conv_s8", conv_s8_variants(), kConvolutions, false);
  add_convolutions("conv_u8", conv_u8_variants(), kConvolutions, false);
  add_convolutions("conv_f32", conv_f32_variants(), kConvolutions, false);
  add_convolutions("conv_hybrid", conv_hybrid_variants(), kConvolutions, false);
  add_convolutions("depthwise_s8", depthwise_s8_variants(), kDepthwise, true);
  add_convolutions("depthwise_u8", depthwise_u8_variants(), kDepthwise, true);
  add_convolutions("depthwise_f32", depthwise_f32_variants(), kDepthwise, true);
  add_convolutions("depthwise_hybrid", depthwise_hybrid_variants(), kDepthwise, true);
  add_dense("matmul_s8", matmul_s8_variants());
  add_dense("matmul_u8", matmul_u8_variants());
  add_dense("matmul_f32", matmul_f32_variants());
  add_pools("average_pool_s8", average_pool_variants<int8_t>());
  add_pools("max_pool_s8", max_pool_variants<int8_t>());
  add_binary();
  add_lookup();
  add_activations();
  add_quantize();
  add_rescale();
  add_arg_max();
  add_softmax();
  add_resize();
}

}  // namespace
}  // namespace pipit

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  pipit::add_all();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
