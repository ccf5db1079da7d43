// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/statistics.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace pipit::tools {
namespace {

constexpr double kAlpha = 0.05;

// The largest k for which fewer than k of n fair coins fall on one side with a probability of at
// most kAlpha / 2; 0 when there is none.
size_t median_rank(size_t n) {
  constexpr size_t kExact = 1000;
  constexpr double kNormal = 1.959964;
  if (n > kExact) {
    const double half = static_cast<double>(n) / 2;
    return static_cast<size_t>(std::floor(half - kNormal * std::sqrt(half / 2)));
  }
  double term = std::pow(0.5, static_cast<double>(n)), sum = 0;
  size_t k = 0;
  for (; sum + term <= kAlpha / 2; ++k) {
    sum += term;
    term *= static_cast<double>(n - k) / static_cast<double>(k + 1);
  }
  return k;
}

// Where each value of `a` stands among all, equal values at the middle of theirs; and the sum of
// t^3 - t over groups of t equal values.
struct Ranks {
  double sum = 0;
  double ties = 0;
};

Ranks ranks_of(const std::vector<double>& a, const std::vector<double>& b) {
  Ranks ranks;
  for (size_t i = 0, k = 0; i < a.size() || k < b.size();) {
    const double value = k == b.size() || (i < a.size() && a[i] <= b[k]) ? a[i] : b[k];
    const size_t i0 = i, before = i + k;
    while (i < a.size() && a[i] <= value) ++i;
    while (k < b.size() && b[k] <= value) ++k;
    const auto group = static_cast<double>(i + k - before);
    ranks.sum += static_cast<double>(i - i0) * (static_cast<double>(before) + (group + 1) / 2);
    ranks.ties += group * group * group - group;
  }
  return ranks;
}

// The share of all ways to choose n of n + m ranks whose U is at most u: the number of ways grows
// by one value at a time.
double exact_tail(size_t n, size_t m, double u) {
  const size_t most = n * m;
  // ways[k][s]: to choose k of the ranks seen so far with a U of s.
  std::vector<std::vector<double>> ways(n + 1, std::vector<double>(most + 1));
  ways[0][0] = 1;
  for (size_t rank = 0; rank < n + m; ++rank) {
    for (size_t k = std::min(n, rank + 1); k > 0; --k) {
      const size_t shift = rank - (k - 1);  // values of the other series below this one
      for (size_t s = most; s + 1 > shift; --s) ways[k][s] += ways[k - 1][s - shift];
    }
  }
  double all = 0, tail = 0;
  for (size_t s = 0; s <= most; ++s) {
    all += ways[n][s];
    if (static_cast<double>(s) <= u) tail += ways[n][s];
  }
  return tail / all;
}

}  // namespace

Times::Times(size_t most_kept) : most_kept_(std::max<size_t>(2, most_kept)) {
  kept_.reserve(most_kept_);
}

void Times::add(double us) {
  if (count_ == 0) first_ = min_ = max_ = us;
  last_ = us;
  min_ = std::min(min_, us);
  max_ = std::max(max_, us);
  const double from_mean = us - mean_;
  mean_ += from_mean / static_cast<double>(++count_);
  squares_ += from_mean * (us - mean_);
  if (count_ % stride_ != 0) return;
  if (kept_.size() == most_kept_) thin();
  if (count_ % stride_ == 0) kept_.push_back(us);
}

void Times::thin() {
  for (size_t i = 0; 2 * i + 1 < kept_.size(); ++i) kept_[i] = kept_[2 * i + 1];
  kept_.resize(kept_.size() / 2);
  stride_ *= 2;
}

double Times::deviation() const {
  return count_ == 0 ? 0 : std::sqrt(squares_ / static_cast<double>(count_));
}

Sorted::Sorted(std::vector<double> values) : values_(std::move(values)) {
  std::sort(values_.begin(), values_.end());
}

double Sorted::quantile(double part) const {
  const double at = part * static_cast<double>(values_.size() - 1);
  const auto below = std::min(static_cast<size_t>(at), values_.size() - 1);
  const size_t above = std::min(below + 1, values_.size() - 1);
  return values_[below] + (at - static_cast<double>(below)) * (values_[above] - values_[below]);
}

std::optional<Interval> Sorted::median_interval() const {
  const size_t rank = median_rank(values_.size());
  if (rank == 0) return std::nullopt;
  return Interval{values_[rank - 1], values_[values_.size() - rank]};
}

double mann_whitney(const Sorted& a, const Sorted& b) {
  if (a.empty() || b.empty()) return 1;
  constexpr double kMostExact = 400;
  const auto n = static_cast<double>(a.values().size()), m = static_cast<double>(b.values().size());
  const Ranks ranks = ranks_of(a.values(), b.values());
  const double u = ranks.sum - n * (n + 1) / 2, smaller = std::min(u, n * m - u);
  if (ranks.ties == 0 && n * m <= kMostExact) {
    return std::min(1.0, 2 * exact_tail(a.values().size(), b.values().size(), smaller));
  }
  const double all = n + m, ties = ranks.ties / (all * (all - 1));
  const double deviation = std::sqrt(n * m / 12 * (all + 1 - ties));
  if (deviation == 0) return 1;  // all values are equal
  const double z = std::max(0.0, n * m / 2 - smaller - 0.5) / deviation;
  return std::erfc(z / std::sqrt(2.0));
}

}  // namespace pipit::tools
