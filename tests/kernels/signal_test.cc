// SPDX-License-Identifier: Apache-2.0
// The operators of audio front ends against their definitions.
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>

#include "tests/kernels/one_operator.h"
#include "tests/support/random.h"

namespace pipit::test {
namespace {

using std::vector;

template <class T>
vector<T> noise(int n, double amplitude) {
  Random random(7);
  vector<T> values;
  for (int i = 0; i < n; ++i) {
    values.push_back(static_cast<T>(amplitude * (random.unit() * 2 - 1)));
  }
  return values;
}

// From the definition.
template <class T>
vector<std::complex<double>> spectrum(const vector<T>& signal, int n) {
  vector<std::complex<double>> bins;
  for (int k = 0; k <= n / 2; ++k) {
    std::complex<double> sum = 0;
    for (size_t t = 0; t < signal.size(); ++t) {
      sum += static_cast<double>(signal[t]) *
             std::polar(1.0, -2 * std::numbers::pi * k * static_cast<double>(t) / n);
    }
    bins.push_back(sum);
  }
  return bins;
}

template <class T>
void expect_spectrum(Type type, int given, int n, double amplitude, double scale,
                     double tolerance) {
  OneOperator op("SignalRfft", {{"T", static_cast<int>(type)}, {"fft_length", n}},
                 {{type, Shape::of(given)}}, {type});
  const vector<T> signal = noise<T>(given, amplitude);
  ASSERT_TRUE(op.invoke(signal)) << op.why();
  const vector<T> got = op.output<T>();
  const auto want = spectrum(signal, n);
  ASSERT_EQ(got.size(), want.size() * 2);
  for (size_t k = 0; k < want.size(); ++k) {
    EXPECT_NEAR(static_cast<double>(got[2 * k]), want[k].real() * scale, tolerance)
        << n << " " << k;
    EXPECT_NEAR(static_cast<double>(got[2 * k + 1]), want[k].imag() * scale, tolerance);
  }
}

TEST(SignalRfft, IsTheFourierTransform) {
  for (const int n : {4, 8, 16, 64, 128, 512}) {
    for (const int given : {n, n - 1, n / 2 + 1}) {
      expect_spectrum<float>(Type::kFloat32, given, n, 1, 1, 1e-4);
      // Fixed point: 1/n of it, give or take a rounding for each factor.
      expect_spectrum<int16_t>(Type::kInt16, given, n, 32767, 1.0 / n, 6);
      expect_spectrum<int32_t>(Type::kInt32, given, n, 2e9, 1.0 / n, 2e5);
    }
  }
}

TEST(SignalRfft, RefusesLengthsThatAreNoPowerOfTwo) {
  for (const int n : {-8, 0, 1, 2, 12, 480, 1 << 21}) {
    OneOperator op("SignalRfft", {{"fft_length", n}}, {{Type::kFloat32, Shape::of(2)}},
                   {Type::kFloat32});
    EXPECT_FALSE(op.planned()) << n;
    EXPECT_NE(std::string(op.why()).find("fft_length"), std::string::npos) << op.why();
  }
}

TEST(SignalIrfft, GivesTheSignalBack) {
  for (const int n : {4, 8, 64, 256}) {
    OneOperator there("SignalRfft", {{"fft_length", n}}, {{Type::kFloat32, Shape::of(2, n)}},
                      {Type::kFloat32});
    OneOperator back("SignalIrfft", {{"fft_length", n}}, {{Type::kFloat32, Shape::of(2, n + 2)}},
                     {Type::kFloat32});
    const vector<float> signal = noise<float>(2 * n, 100);
    ASSERT_TRUE(there.invoke(signal)) << there.why();
    ASSERT_TRUE(back.invoke(there.output<float>())) << back.why();
    const vector<float> got = back.output<float>();
    for (size_t i = 0; i < signal.size(); ++i) EXPECT_NEAR(got[i], signal[i], 1e-3);
  }
}

TEST(SignalFftAutoScale, UsesAllBits) {
  OneOperator op("SignalFftAutoScale", {}, {{Type::kInt16, Shape::of(3)}},
                 {Type::kInt16, Type::kInt32});
  const auto expect = [&](const vector<int16_t>& in, const vector<int16_t>& out, int32_t bits) {
    ASSERT_TRUE(op.invoke(in)) << op.why();
    EXPECT_EQ(op.output<int16_t>(), out);
    EXPECT_EQ(op.output<int32_t>(1), vector<int32_t>{bits});
  };
  expect({1, -3, 100}, {256, -768, 25600}, 8);
  expect({0, 0, 0}, {0, 0, 0}, 0);
  expect({-16384, 5, 16383}, {-16384, 5, 16383}, 0);
  expect({-16383, 0, 1}, {-32766, 0, 2}, 1);
  expect({32767, 1, 1}, {32767, 1, 1}, 0);
}

TEST(SignalFramer, CutsOverlappingFrames) {
  OneOperator op("SignalFramer", {{"frame_size", 5}, {"frame_step", 2}, {"prefill", 0}},
                 {{Type::kInt16, Shape::of(2)}}, {Type::kInt16, Type::kBool});
  // A frame is there after three steps; its last sample is the one before the newest.
  vector<vector<int16_t>> frames;
  for (int16_t i = 0; i < 5; ++i) {
    ASSERT_TRUE(op.invoke<int16_t>({static_cast<int16_t>(2 * i), static_cast<int16_t>(2 * i + 1)}));
    EXPECT_EQ(op.output<bool>(1)[0], i >= 2) << i;
    if (i >= 2) frames.push_back(op.output<int16_t>());
  }
  EXPECT_EQ(frames, (vector<vector<int16_t>>{{0, 1, 2, 3, 4}, {2, 3, 4, 5, 6}, {4, 5, 6, 7, 8}}));
  op.net().reset_variables();
  ASSERT_TRUE(op.invoke<int16_t>({1, 2}));
  EXPECT_FALSE(op.output<bool>(1)[0]);
}

TEST(SignalFramer, BeginsWithSilenceWherePrefilled) {
  OneOperator op("SignalFramer", {{"frame_size", 5}, {"frame_step", 2}, {"prefill", 1}},
                 {{Type::kInt16, Shape::of(2, 4)}}, {Type::kInt16, Type::kBool});
  ASSERT_TRUE(op.invoke<int16_t>({1, 2, 3, 4, -1, -2, -3, -4})) << op.why();
  EXPECT_EQ(op.shape(), Shape::of(2, 2, 5));
  EXPECT_TRUE(op.output<bool>(1)[0]);
  EXPECT_EQ(op.output<int16_t>(), (vector<int16_t>{0, 0, 0, 1,  2,  0, 1,  2,  3,  4,  //
                                                   0, 0, 0, -1, -2, 0, -1, -2, -3, -4}));
}

TEST(SignalStacker, PutsFramesSideBySide) {
  OneOperator op("SignalStacker",
                 {{"num_channels", 2},
                  {"stacker_left_context", 1},
                  {"stacker_right_context", 1},
                  {"stacker_step", 2}},
                 {{Type::kInt16, Shape::of(2)}}, {Type::kInt16, Type::kBool});
  const vector<vector<int16_t>> want = {{}, {1, 2, 1, 2, 3, 4}, {}, {3, 4, 5, 6, 7, 8}};
  for (int round = 0; round < 2; ++round) {
    for (int16_t i = 0; i < 4; ++i) {
      const auto first = static_cast<int16_t>(2 * i + 1);
      ASSERT_TRUE(op.invoke<int16_t>({first, static_cast<int16_t>(first + 1)})) << op.why();
      const vector<int16_t>& frames = want[static_cast<size_t>(i)];
      EXPECT_EQ(op.output<bool>(1)[0], !frames.empty()) << i;
      if (frames.empty()) continue;
      EXPECT_EQ(op.output<int16_t>(), frames);
    }
    op.net().reset_variables();
  }
}

TEST(SignalDelay, AnswersWithWhatCameBefore) {
  for (const int delay : {0, 1, 3, 4, 6}) {
    OneOperator op("SignalDelay", {{"delay_length", delay}}, {{Type::kInt16, Shape::of(4)}},
                   {Type::kInt16});
    vector<int16_t> all(static_cast<size_t>(delay)), got;
    for (int16_t i = 0; i < 3; ++i) {
      vector<int16_t> in;
      for (int16_t k = 1; k <= 4; ++k) in.push_back(static_cast<int16_t>(4 * i + k));
      all.insert(all.end(), in.begin(), in.end());
      ASSERT_TRUE(op.invoke(in)) << op.why();
      for (const int16_t v : op.output<int16_t>()) got.push_back(v);
    }
    all.resize(got.size());
    EXPECT_EQ(got, all) << delay;
  }
}

TEST(SignalOverlapAdd, AddsFramesThatBeginAStepApart) {
  const vector<float> frames = noise<float>(4 * 5, 10);
  OneOperator op("SignalOverlapAdd", {{"frame_step", 2}}, {{Type::kFloat32, Shape::of(2, 5)}},
                 {Type::kFloat32});
  vector<double> want(8 + 3);
  for (size_t f = 0; f < 4; ++f) {
    for (size_t i = 0; i < 5; ++i) want[2 * f + i] += frames[5 * f + i];
  }
  for (size_t call = 0; call < 2; ++call) {
    const auto from = frames.begin() + static_cast<ptrdiff_t>(10 * call);
    ASSERT_TRUE(op.invoke(vector<float>(from, from + 10))) << op.why();
    for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(op.output<float>()[i], want[4 * call + i], 1e-5);
  }
}

TEST(SignalOverlapAdd, Saturates) {
  OneOperator op("SignalOverlapAdd", {{"frame_step", 1}}, {{Type::kInt16, Shape::of(1, 2)}},
                 {Type::kInt16});
  ASSERT_TRUE(op.invoke<int16_t>({5, -30000}));
  ASSERT_TRUE(op.invoke<int16_t>({-30000, 7}));
  EXPECT_EQ(op.output<int16_t>(), vector<int16_t>{-32768});
}

TEST(SignalWindow, WeighsAndSaturates) {
  OneOperator op("SignalWindow", {{"shift", 3}},
                 {{Type::kInt16, Shape::of(2, 3)},
                  {Type::kInt16, Shape::of(3), bytes_of<int16_t>({8, -32768, 1})}},
                 {Type::kInt16});
  ASSERT_TRUE(op.invoke<int16_t>({1, -32768, 7, -5, 32767, -7})) << op.why();
  EXPECT_EQ(op.output<int16_t>(), (vector<int16_t>{1, 32767, 0, -5, -32768, -1}));
}

TEST(SignalEnergy, SquaresMagnitudes) {
  OneOperator op("SignalEnergy", {{"start_index", 1}, {"end_index", 3}},
                 {{Type::kInt16, Shape::of(8)}}, {Type::kUInt32});
  ASSERT_TRUE(op.invoke<int16_t>({1, 2, 3, -4, -32768, -32768, 9, 9})) << op.why();
  EXPECT_EQ(op.output<uint32_t>(), (vector<uint32_t>{0, 25, 0x80000000u, 0}));
}

OneOperator filter_bank(int16_t first_weight) {
  const auto constant = [](const vector<int16_t>& v) {
    return OneOperator::Input{Type::kInt16, Shape::of(v.size()), bytes_of(v)};
  };
  return {"SignalFilterBank",
          {{"num_channels", 2}},
          {{Type::kUInt32, Shape::of(6)},
           constant({10, 20, 30, 40, 50}),
           constant({1, 2, 3, 4, 5}),
           constant({0, 1, 3}),
           constant({0, first_weight, 3}),
           constant({1, 2, 2})},
          {Type::kUInt64}};
}

TEST(SignalFilterBank, SharesEachPartWithTheNextChannel) {
  OneOperator op = filter_bank(1);
  ASSERT_TRUE(op.invoke<uint32_t>({7, 100, 1000, 5, 4000000000u, 9})) << op.why();
  // Parts: [7], [100, 1000] and [5, 4000000000].
  EXPECT_EQ(op.output<uint64_t>(),
            (vector<uint64_t>{7 * 1 + 100 * 20 + 1000 * 30,
                              100 * 2 + 1000 * 3 + 5 * 40 + uint64_t{4000000000u} * 50}));
}

TEST(SignalFilterBank, RefusesWeightsBeyondTheirEnd) {
  for (const int16_t first : {int16_t{-1}, int16_t{4}, int16_t{32767}}) {
    OneOperator op = filter_bank(first);
    EXPECT_FALSE(op.planned()) << first;
  }
}

TEST(SignalFilterBankSquareRoot, Rounds) {
  OneOperator op("SignalFilterBankSquareRoot", {},
                 {{Type::kUInt64, Shape::of(9)}, {Type::kInt32, Shape()}}, {Type::kUInt32});
  const uint64_t large = 3'000'000'019;
  const vector<uint64_t> in = {
      0, 1, 2, 3, 6, 7, large * large + large, large * large + large + 1, ~0ull};
  ASSERT_TRUE(op.set<int32_t>(1, {0}));
  ASSERT_TRUE(op.invoke(in)) << op.why();
  EXPECT_EQ(op.output<uint32_t>(),
            (vector<uint32_t>{0, 1, 1, 2, 2, 3, 3'000'000'019, 3'000'000'020, 0xffffffff}));
  ASSERT_TRUE(op.set<int32_t>(1, {4}));
  ASSERT_TRUE(op.invoke(in));
  EXPECT_EQ(op.output<uint32_t>()[8], 0x0fffffffu);
  ASSERT_TRUE(op.set<int32_t>(1, {32}));
  EXPECT_FALSE(op.invoke(in));
}

TEST(SignalFilterBankSpectralSubtraction, FollowsTheNoise) {
  OneOperator op("SignalFilterBankSpectralSubtraction",
                 {{"num_channels", 2},
                  {"smoothing", 4096},
                  {"one_minus_smoothing", 12288},
                  {"alternate_smoothing", 8192},
                  {"alternate_one_minus_smoothing", 8192},
                  {"min_signal_remaining", 1638},
                  {"smoothing_bits", 4},
                  {"spectral_subtraction_bits", 14},
                  {"clamping", 0}},
                 {{Type::kUInt32, Shape::of(2)}}, {Type::kUInt32, Type::kUInt32});
  // The estimate of the noise approaches the signal by a quarter, or half, of the difference.
  for (int round = 0; round < 2; ++round) {
    double even = 0, odd = 0;
    for (int i = 0; i < 10; ++i) {
      ASSERT_TRUE(op.invoke<uint32_t>({1000, 3000})) << op.why();
      even += (16 * 1000 - even) / 4;
      odd += (16 * 3000 - odd) / 2;
      EXPECT_NEAR(op.output<uint32_t>(1)[0], even, 4) << i;
      EXPECT_NEAR(op.output<uint32_t>(1)[1], odd, 4) << i;
      EXPECT_NEAR(op.output<uint32_t>()[0], std::max(1000 - even / 16, 99.9), 1) << i;
      EXPECT_NEAR(op.output<uint32_t>()[1], std::max(3000 - odd / 16, 299.9), 1) << i;
    }
    op.net().reset_variables();
  }
}

TEST(SignalPCAN, AmplifiesLessWhereTheNoiseIsLouder) {
  // Every level has the gain 512 * (level of the noise's power of two), with no slope.
  vector<int16_t> table(125);
  for (size_t i = 2; i < table.size(); i += 4) table[i] = static_cast<int16_t>(512 + i);
  OneOperator op("SignalPCAN", {{"snr_shift", 6}},
                 {{Type::kUInt32, Shape::of(3)},
                  {Type::kUInt32, Shape::of(3)},
                  {Type::kInt16, Shape::of(125), bytes_of(table)}},
                 {Type::kUInt32});
  ASSERT_TRUE(op.set<uint32_t>(1, {2, 4, 0xffffffffu}));
  ASSERT_TRUE(op.invoke<uint32_t>({500, 5000, 100000})) << op.why();
  vector<uint32_t> want;
  const uint32_t signals[] = {500, 5000, 100000}, rows[] = {2, 6, 122};
  for (int i = 0; i < 3; ++i) {
    // Quadratic below 2, then linear: min(snr^2 / 4, snr - 1) for snr in 1/4096, result in 1/64.
    const uint64_t snr = uint64_t{signals[i]} * static_cast<uint64_t>(table[rows[i]]) >> 6;
    want.push_back(static_cast<uint32_t>(snr < 8192 ? snr * snr >> 20 : (snr >> 6) - 64));
  }
  EXPECT_EQ(op.output<uint32_t>(), want);
}

TEST(SignalFilterBankLog, IsTheNaturalLogarithm) {
  OneOperator op("SignalFilterBankLog", {{"input_correction_bits", 3}, {"output_scale", 1600}},
                 {{Type::kUInt32, Shape::of(400)}}, {Type::kInt16});
  vector<uint32_t> in = {0};
  for (int i = 1; i < 400; ++i) {
    in.push_back(static_cast<uint32_t>(std::exp(i * 0.0495)));
  }
  ASSERT_TRUE(op.invoke(in)) << op.why();
  EXPECT_EQ(op.output<int16_t>()[0], 0);
  // Between the 128 entries of its table the reference hardly interpolates: that is up to
  // 224 / 65536 of an octave.
  constexpr double kError = 1600 * 224 / 65536.0 * std::numbers::ln2 + 1;
  for (size_t i = 1; i < in.size(); ++i) {
    const double want = std::min(1600 * std::log(8.0 * in[i]), 32767.0);
    EXPECT_NEAR(op.output<int16_t>()[i], want, kError) << in[i];
  }
}

TEST(AudioSpectrogram, IsThePowerOfWindows) {
  constexpr int kWindow = 20, kStride = 8, kSamples = 50, kBins = 17;
  for (const int squared : {0, 1}) {
    OneOperator op("AudioSpectrogram",
                   {{"window_size", kWindow}, {"stride", kStride}, {"magnitude_squared", squared}},
                   {{Type::kFloat32, Shape::of(kSamples, 2)}}, {Type::kFloat32});
    const vector<float> in = noise<float>(kSamples * 2, 1);
    ASSERT_TRUE(op.invoke(in)) << op.why();
    ASSERT_EQ(op.shape(), Shape::of(2, 4, kBins));
    size_t at = 0;
    for (size_t c = 0; c < 2; ++c) {
      for (size_t w = 0; w < 4; ++w) {
        vector<double> frame;
        for (size_t i = 0; i < kWindow; ++i) {
          const double phase = 2 * std::numbers::pi * static_cast<double>(i) / kWindow;
          frame.push_back((0.5 - 0.5 * std::cos(phase)) * in[(w * kStride + i) * 2 + c]);
        }
        for (const auto& bin : spectrum(frame, 32)) {
          EXPECT_NEAR(op.output<float>()[at++], squared ? std::norm(bin) : std::abs(bin), 1e-4);
        }
      }
    }
  }
}

// From the definition: triangles over the mel scale, logarithm, cosine transform.
TEST(Mfcc, IsTheCosineTransformOfLogarithms) {
  constexpr int kColumns = 129, kBands = 20, kCoefficients = 7, kRate = 8000;
  OneOperator op("Mfcc",
                 {{"lower_frequency_limit", 300},
                  {"upper_frequency_limit", 3500},
                  {"filterbank_channel_count", kBands},
                  {"dct_coefficient_count", kCoefficients}},
                 {{Type::kFloat32, Shape::of(1, 1, kColumns)},
                  {Type::kInt32, Shape::of(1), bytes_of<int32_t>({kRate})}},
                 {Type::kFloat32});
  vector<float> in = noise<float>(kColumns, 5);
  for (float& v : in) v = v * v;
  ASSERT_TRUE(op.invoke(in)) << op.why();
  const auto mel = [](double f) { return 1127 * std::log1p(f / 700); };
  const double low = mel(300), step = (mel(3500) - low) / (kBands + 1);
  const double hertz = 0.5 * kRate / (kColumns - 1);
  vector<double> logs;
  for (int b = 0; b < kBands; ++b) {
    double energy = 0;
    for (int i = static_cast<int>(1.5 + 300 / hertz); i <= static_cast<int>(3500 / hertz); ++i) {
      const double distance = std::abs((mel(i * hertz) - low) / step - (b + 1));
      energy += std::max(1 - distance, 0.0) * std::sqrt(in[static_cast<size_t>(i)]);
    }
    logs.push_back(std::log(std::max(energy, 1e-12)));
  }
  for (int k = 0; k < kCoefficients; ++k) {
    double sum = 0;
    for (int b = 0; b < kBands; ++b) {
      sum += logs[static_cast<size_t>(b)] * std::cos(std::numbers::pi * k * (b + 0.5) / kBands);
    }
    EXPECT_NEAR(op.output<float>()[static_cast<size_t>(k)], sum * std::sqrt(2.0 / kBands), 1e-4);
  }
}

}  // namespace
}  // namespace pipit::test
