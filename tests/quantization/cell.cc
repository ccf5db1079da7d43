// SPDX-License-Identifier: Apache-2.0
// The oracle is the same operator on float32: what the numbers of a quantized model mean goes in,
// and what comes out must be what its results mean.
#include "tests/quantization/cell.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "tests/support/net.h"
#include "tests/support/random.h"

namespace pipit::test {
namespace {

using Reals = std::vector<double>;

bool is_bias(const Operand& o) { return o.role == Role::kBias; }

struct Limits {
  int32_t min, max;
};
Limits limits(Type type) {
  switch (type) {
    case Type::kInt4:
      return {-7, 7};
    case Type::kUInt8:
      return {0, 255};
    case Type::kInt8:
      return {-128, 127};
    default:
      return {-32768, 32767};
  }
}

// ---- numbers as a file or an input has them; float32 operands have the real numbers' thousands

std::vector<int32_t> make_raw(const Operand& o, size_t seed) {
  if (o.role == Role::kPlain) return o.values;
  if (o.role == Role::kState) return {};
  Random random(seed + 1);
  std::vector<int32_t> raw(static_cast<size_t>(o.shape.elements()));
  for (int32_t& x : raw) {
    if (o.type == Type::kFloat32) {
      x = random.between(-2000, 2000);
    } else if (is_bias(o)) {
      const int32_t reach = o.type == Type::kInt64 ? 300000 : 3000;
      x = random.between(-reach, reach);
    } else if (o.type == Type::kInt4) {
      x = random.between(-7, 7);
    } else {
      const int32_t reach = o.type == Type::kInt16 ? 20000 : 80, z = o.zero_point;
      x = o.role == Role::kPositive ? z + random.between(reach / 2, reach)
                                    : z + random.between(-reach, reach);
    }
  }
  return raw;
}

std::vector<uint8_t> raw_bytes(Type type, const std::vector<int32_t>& raw) {
  switch (type) {
    case Type::kInt4: {
      std::vector<uint8_t> packed((raw.size() + 1) / 2);
      for (size_t i = 0; i < raw.size(); ++i) {
        packed[i / 2] = static_cast<uint8_t>(packed[i / 2] | (raw[i] & 15) << i % 2 * 4);
      }
      return packed;
    }
    case Type::kInt16:
      return bytes_of(std::vector<int16_t>(raw.begin(), raw.end()));
    case Type::kInt32:
      return bytes_of(raw);
    case Type::kInt64:
      return bytes_of(std::vector<int64_t>(raw.begin(), raw.end()));
    case Type::kFloat32: {
      std::vector<float> reals;
      for (const int32_t x : raw) reals.push_back(static_cast<float>(x) / 1000);
      return bytes_of(reals);
    }
    default:
      return {raw.begin(), raw.end()};
  }
}

// ---- what they mean

size_t channel_of(const Operand& o, const Shape& shape, size_t i) {
  const auto inner = static_cast<size_t>(shape.product(o.channels + 1, shape.rank));
  return i / inner % static_cast<size_t>(shape[o.channels]);
}

double meaning(const Operand& o, const Quant& q, const Shape& shape, size_t i, double raw) {
  const size_t c = q.scales.size() > 1 ? channel_of(o, shape, i) : 0;
  const int64_t zero = q.zero_points.size() > 1 ? q.zero_points[c] : q.zero_points[0];
  return (raw - static_cast<double>(zero)) * static_cast<double>(q.scales[c]);
}

// The weights' scales times that of the input.
Quant bias_quant(const Form& form, const Quants& quants) {
  Quant q;
  for (size_t i = 0; i < form.in.size(); ++i) {
    if (form.in[i].role == Role::kWeights) q.scales = quants[i].scales;
  }
  for (size_t i = 0; i < form.in.size(); ++i) {
    if (form.in[i].role != Role::kData || !is_quantized(form.in[i])) continue;
    for (float& s : q.scales) s *= quants[i].scales[0];
  }
  q.zero_points.assign(q.scales.size(), 0);
  return q;
}

// ---- models

struct Outcome {
  bool ran = false;
  std::string why;
  std::vector<uint8_t> bytes;
  Shape shape;
};

class Maker {
 public:
  Maker(const Form& form, const Quants& quants, bool real)
      : form_(form), quants_(quants), real_(real) {}

  Outcome run() {
    ModelBuilder b;
    std::vector<int> in, given;
    for (size_t i = 0; i < form_.in.size(); ++i) {
      if (form_.in[i].role == Role::kAbsent) {
        in.push_back(-1);
        continue;
      }
      const TensorSpec spec = input(i);
      in.push_back(b.tensor(spec));
      if (spec.bytes.empty() && !spec.variable) given.push_back(in.back());
    }
    const int out = b.tensor(output());
    b.builtin_node(form_.op, in, {out}, form_.options);
    b.inputs(given);
    b.outputs({out});
    Net net(b);
    for (size_t i = 0; net.ok() && i < feeds_.size(); ++i) net.set(static_cast<int>(i), feeds_[i]);
    Outcome o;
    o.ran = net.invoke();
    o.why = net.why();
    if (!o.ran) return o;
    o.bytes = net.get<uint8_t>(0);
    o.shape = net.interpreter().output(0)->shape;
    return o;
  }

 private:
  TensorSpec input(size_t i) {
    const Operand& o = form_.in[i];
    TensorSpec spec = {.type = o.type, .shape = o.shape};
    spec.variable = o.role == Role::kState;
    std::vector<uint8_t> bytes = raw_bytes(o.type, make_raw(o, i));
    if (is_quantized(o)) {
      real_ ? make_real(i, &spec, &bytes) : set_quant(o, quants_[i], &spec);
    }
    const bool fed = o.role == Role::kData || o.role == Role::kPositive ||
                     (o.role == Role::kWeights && form_.computed);
    if (fed) {
      feeds_.push_back(bytes);
    } else {
      spec.bytes = bytes;
    }
    return spec;
  }
  void make_real(size_t i, TensorSpec* spec, std::vector<uint8_t>* bytes) {
    const Operand& o = form_.in[i];
    const std::vector<int32_t> raw = make_raw(o, i);
    std::vector<float> reals;
    for (size_t k = 0; k < raw.size(); ++k) {
      reals.push_back(static_cast<float>(meaning(o, quants_[i], o.shape, k, raw[k])));
    }
    spec->type = Type::kFloat32;
    *bytes = bytes_of(reals);
  }
  TensorSpec output() const {
    const Operand& o = form_.out;
    TensorSpec spec = {.type = o.type, .shape = o.shape};
    if (is_quantized(o)) {
      if (real_) {
        spec.type = Type::kFloat32;
      } else {
        set_quant(o, quants_.back(), &spec);
      }
    }
    return spec;
  }
  static void set_quant(const Operand& o, const Quant& q, TensorSpec* spec) {
    spec->scales = q.scales;
    spec->zero_points = q.zero_points;
    spec->dimension = q.scales.size() > 1 && !is_bias(o) ? o.channels : 0;
  }

  const Form& form_;
  const Quants& quants_;
  const bool real_;
  std::vector<std::vector<uint8_t>> feeds_;
};

template <class T>
Reals numbers_of(const std::vector<uint8_t>& bytes) {
  Reals reals;
  for (size_t i = 0; i + sizeof(T) <= bytes.size(); i += sizeof(T)) {
    T x;
    std::memcpy(&x, bytes.data() + i, sizeof(T));
    reals.push_back(static_cast<double>(x));
  }
  return reals;
}

Reals numbers(Type type, const std::vector<uint8_t>& bytes) {
  switch (type) {
    case Type::kInt8:
      return numbers_of<int8_t>(bytes);
    case Type::kInt16:
      return numbers_of<int16_t>(bytes);
    case Type::kInt32:
      return numbers_of<int32_t>(bytes);
    case Type::kFloat32:
      return numbers_of<float>(bytes);
    default:
      return numbers_of<uint8_t>(bytes);
  }
}

// QUANTIZE and DEQUANTIZE change no real number.
Reals real_results(const Form& form, const Quants& quants) {
  const bool keeps =
      form.op == fb::BuiltinOperator::QUANTIZE || form.op == fb::BuiltinOperator::DEQUANTIZE;
  if (keeps) {
    const Operand& o = form.in[0];
    const Reals raw = numbers(o.type, raw_bytes(o.type, make_raw(o, 0)));
    Reals reals;
    for (size_t i = 0; i < raw.size(); ++i) {
      reals.push_back(is_quantized(o) ? meaning(o, quants[0], o.shape, i, raw[i]) : raw[i]);
    }
    return reals;
  }
  const Outcome o = Maker(form, quants, true).run();
  EXPECT_TRUE(o.ran) << o.why;
  return numbers(is_quantized(form.out) ? Type::kFloat32 : form.out.type, o.bytes);
}

double largest(const Reals& reals) {
  double most = 0;
  for (const double x : reals) most = std::max(most, std::abs(x));
  return most;
}

// Whether results mean what they should, as far as the output can say it. Of comparisons, some
// numbers that are nearly equal may go either way.
bool close(const Form& form, const Quants& quants, const Outcome& got, const Reals& want) {
  const Operand& o = form.out;
  const Reals raw = numbers(o.type, got.bytes);
  if (raw.size() != want.size()) return false;
  double reach = largest(want);
  if (is_quantized(o)) {  // what the output can hold
    const Limits l = limits(o.type);
    const Quant& q = quants.back();
    reach = std::min(reach, (l.max - l.min) * static_cast<double>(q.scales[0]));
  }
  const double off = form.relative * reach;
  size_t wrong = 0;
  for (size_t i = 0; i < raw.size(); ++i) {
    double x = raw[i], y = want[i], most = off;
    if (is_quantized(o)) {
      const Quant& q = quants.back();
      x = meaning(o, q, got.shape, i, raw[i]);
      const Limits l = limits(o.type);
      y = std::clamp(y, meaning(o, q, got.shape, i, l.min), meaning(o, q, got.shape, i, l.max));
      const size_t c = q.scales.size() > 1 ? channel_of(o, got.shape, i) : 0;
      most += form.steps * static_cast<double>(q.scales[c]);
    } else if (o.type != Type::kFloat32) {
      most = 0;
    }
    if (!(std::abs(x - y) <= most)) ++wrong;
  }
  return wrong <= (o.type == Type::kBool ? raw.size() / 12 : 0);
}

bool has_quants(const Form& form, const Quants& quants) {
  for (size_t i = 0; i < quants.size(); ++i) {
    if (is_quantized(operand(form, i)) && quants[i].scales.empty()) return false;
  }
  return true;
}

}  // namespace

bool is_quantized(const Operand& o) {
  const bool plain = o.role == Role::kPlain || o.role == Role::kAbsent;
  if (plain || o.type == Type::kFloat32 || o.type == Type::kBool) return false;
  return is_bias(o) || o.type != Type::kInt32;
}

const Operand& operand(const Form& form, size_t i) {
  return i < form.in.size() ? form.in[i] : form.out;
}

namespace {

Quant usual_quant(const Operand& o) {
  const auto n = static_cast<size_t>(o.each ? o.shape[o.channels] : 1);
  Quant q = {{}, std::vector<int64_t>(n, o.zero_point)};
  for (size_t i = 0; i < n; ++i) q.scales.push_back(o.scale * (1 + 0.3f * static_cast<float>(i)));
  return q;
}

}  // namespace

Quants usual_quants(const Form& form) {
  Quants quants(form.in.size() + 1);
  for (size_t i = 0; i < quants.size(); ++i) {
    const Operand& o = operand(form, i);
    if (is_quantized(o) && !is_bias(o)) quants[i] = usual_quant(o);
  }
  for (size_t i = 0; i < form.in.size(); ++i) {
    if (is_bias(form.in[i]) && is_quantized(form.in[i])) quants[i] = bias_quant(form, quants);
  }
  if (is_quantized(form.out) && form.out.scale == 0) {
    const double steps = form.out.type == Type::kInt16 ? 25000 : 100;
    const double most = largest(real_results(form, quants));
    quants.back().scales = {static_cast<float>(most / steps)};
  }
  return quants;
}

Shape result_shape(const Form& form, const Quants& usual) {
  return Maker(form, usual, false).run().shape;
}

Verdict judge(const Form& form, const Quants& usual, const Quants& changed, std::string* why) {
  Quants quants = changed;
  // A bias follows the scales of input and weights, unless it is what was changed.
  for (size_t i = 0; i < form.in.size(); ++i) {
    const bool same =
        changed[i].scales == usual[i].scales && changed[i].zero_points == usual[i].zero_points;
    if (is_bias(form.in[i]) && is_quantized(form.in[i]) && same && has_quants(form, changed)) {
      quants[i] = bias_quant(form, quants);
    }
  }
  const Outcome got = Maker(form, quants, false).run();
  *why = got.why;
  if (!got.ran) return Verdict::kRefused;
  const bool same = got.bytes == Maker(form, usual, false).run().bytes;
  if (!has_quants(form, quants)) return same ? Verdict::kIgnored : Verdict::kPlain;
  if (close(form, quants, got, real_results(form, quants))) return Verdict::kHonoured;
  return same ? Verdict::kIgnored : Verdict::kWrong;
}

}  // namespace pipit::test
