// SPDX-License-Identifier: Apache-2.0
#include "tools/diff/difference.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "tools/describe.h"
#include "tools/failure.h"

namespace pipit::tools {
namespace {

// Neighbouring floats have neighbouring numbers; both zeros have the same.
int64_t place_of(double value) {
  const auto narrow = static_cast<float>(value);
  int32_t bits;
  std::memcpy(&bits, &narrow, sizeof(bits));
  return bits < 0 ? int64_t{INT32_MIN} - bits : int64_t{bits};
}

double error_of(double got, double wanted) {
  if (got == wanted || (std::isnan(got) && std::isnan(wanted))) return 0;
  const double error = std::abs(got - wanted);
  return std::isnan(error) ? static_cast<double>(INFINITY) : error;
}

template <class T>
void put(double value, size_t i, uint8_t* to) {
  constexpr double kLeast = std::numeric_limits<T>::lowest(), kMost = std::numeric_limits<T>::max();
  const T stored = std::isnan(value) ? T(0) : static_cast<T>(std::clamp(value, kLeast, kMost));
  std::memcpy(to + i * sizeof(T), &stored, sizeof(T));
}

}  // namespace

std::vector<double> real_values(const Tensor& t) {
  std::vector<double> values(static_cast<size_t>(t.elements()));
  for (size_t i = 0; i < values.size(); ++i) values[i] = element(t, i);
  const Quantization q = quantization(t);
  if (q.scales.empty()) return values;
  size_t behind = 1;  // elements from one channel to the next
  for (int d = q.dimension + 1; d < t.shape.rank; ++d) behind *= static_cast<size_t>(t.shape[d]);
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t c = behind == 0 ? 0 : i / behind % q.scales.size();
    const size_t z = q.zero_points.size() == q.scales.size() ? c : 0;
    const double zero = q.zero_points.empty() ? 0 : static_cast<double>(q.zero_points[z]);
    values[i] = (values[i] - zero) * static_cast<double>(q.scales[c]);
  }
  return values;
}

void store_real(const Tensor& t, double real, size_t i, uint8_t* to) {
  const double step = static_cast<double>(t.scale);
  const double quantized = t.scale > 0 ? std::round(real / step) + t.zero_point : std::round(real);
  switch (t.type) {
    case Type::kFloat32: {
      const auto value = static_cast<float>(real);
      std::memcpy(to + i * sizeof(value), &value, sizeof(value));
      return;
    }
    case Type::kInt8:
      return put<int8_t>(quantized, i, to);
    case Type::kUInt8:
      return put<uint8_t>(quantized, i, to);
    case Type::kBool:
      return put<uint8_t>(real != 0 ? 1 : 0, i, to);
    case Type::kInt16:
      return put<int16_t>(quantized, i, to);
    case Type::kInt32:
      return put<int32_t>(quantized, i, to);
    default:
      throw Failure(kBadInput, "numbers cannot be converted to the input " + tensor_text(t));
  }
}

Difference difference(const std::vector<double>& got, const std::vector<double>& wanted,
                      double scale, bool ulps) {
  Difference d;
  d.elements = std::min(got.size(), wanted.size());
  double signal = 0, noise = 0;
  if (ulps) d.max_ulps = 0;
  for (size_t i = 0; i < d.elements; ++i) {
    const double error = error_of(got[i], wanted[i]);
    if (std::isfinite(wanted[i])) signal += wanted[i] * wanted[i];
    if (error == 0) continue;
    ++d.different;
    d.max_error = std::max(d.max_error, error);
    d.mean_error += error;
    noise += error * error;
    if (!ulps) continue;
    const int64_t apart = std::isfinite(error) ? std::abs(place_of(got[i]) - place_of(wanted[i]))
                                               : std::numeric_limits<int64_t>::max();
    d.max_ulps = std::max(d.max_ulps, apart);
  }
  if (d.elements != 0) d.mean_error /= static_cast<double>(d.elements);
  if (scale > 0) d.max_steps = d.max_error / scale;
  d.signal_to_noise = noise == 0 ? static_cast<double>(INFINITY) : 10 * std::log10(signal / noise);
  return d;
}

bool ErrorBound::holds(const Difference& d) const {
  switch (unit) {
    case kSteps:
      return d.max_steps < 0 ? d.equal() : d.max_steps <= most * (1 + 1e-6);
    case kUlps:
      return d.max_ulps < 0 ? d.equal() : static_cast<double>(d.max_ulps) <= most;
    case kReal:
      break;
  }
  return d.max_error <= most;
}

ErrorBound parse_bound(const std::string& text) {
  ErrorBound bound;
  bound.text = text;
  char* end = nullptr;
  bound.most = std::strtod(text.c_str(), &end);
  const std::string unit = end;
  if (unit == "steps" || unit == "step") bound.unit = ErrorBound::kSteps;
  if (unit == "ulps" || unit == "ulp") bound.unit = ErrorBound::kUlps;
  const bool known = unit.empty() || bound.unit != ErrorBound::kReal;
  if (end == text.c_str() || !known || !(bound.most >= 0) || !std::isfinite(bound.most)) {
    throw Failure(kUsage,
                  "--max-error " + text + ": expected a number, as in 0.01, 2steps or 4ulps");
  }
  return bound;
}

}  // namespace pipit::tools
