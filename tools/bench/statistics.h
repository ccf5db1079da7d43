// SPDX-License-Identifier: Apache-2.0
// Statistics of measured times: quantiles, intervals of confidence, and whether two series differ.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace pipit::tools {

// A series of measured times in microseconds. Of very many, some are kept, spread evenly over the
// series; count, mean, deviation and extremes are those of all.
class Times {
 public:
  // Memory for what is kept is taken here, none by add().
  explicit Times(size_t most_kept = size_t{1} << 17);
  void add(double us);

  int64_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  double first() const { return first_; }
  double last() const { return last_; }
  double min() const { return min_; }
  double max() const { return max_; }
  double mean() const { return mean_; }
  // Of the series itself, as benchmark_model computes it.
  double deviation() const;
  // Those that are kept, in the order in which they were measured.
  const std::vector<double>& kept() const { return kept_; }

 private:
  void thin();

  size_t most_kept_;
  std::vector<double> kept_;
  int64_t stride_ = 1;  // of `stride_` times, the last is kept
  int64_t count_ = 0;
  double first_ = 0, last_ = 0, min_ = 0, max_ = 0;
  double mean_ = 0, squares_ = 0;  // Welford's
};

struct Interval {
  double low = 0, high = 0;
};

// A sorted series.
class Sorted {
 public:
  explicit Sorted(std::vector<double> values);
  bool empty() const { return values_.empty(); }
  const std::vector<double>& values() const { return values_; }
  // Linear between the two nearest values; part from 0 to 1. Not of an empty series.
  double quantile(double part) const;
  double median() const { return quantile(0.5); }
  // An interval between two values that holds the median with a probability of at least 95 %,
  // whatever the distribution; none for fewer than 6 values.
  std::optional<Interval> median_interval() const;

 private:
  std::vector<double> values_;
};

// The Mann-Whitney U test of two series: the probability that they would be as far apart, or
// further, if both came from one distribution. Exact for short series without equal values, else by
// the normal approximation. 1 when one of them is empty.
double mann_whitney(const Sorted& a, const Sorted& b);

}  // namespace pipit::tools
