// SPDX-License-Identifier: Apache-2.0
// TFLM_DECODE: the vectors of TensorFlow Lite Micro's public tests, codes that an encoder here
// makes, and codes and tables that are damaged.
#include "tests/support/net.h"
#include "tests/support/random.h"

namespace pipit::test {
namespace {

using std::vector;
using Bytes = vector<uint8_t>;

constexpr uint8_t kLookup = 0, kHuffman = 1, kPrune = 2;

// A table: what describes it, and values.
template <class T>
Bytes table(uint8_t kind, uint8_t parameter, uint8_t stride, const vector<T>& values) {
  Bytes bytes = {kind, 1, 0, 0, 1, parameter, stride};
  bytes.resize(16);
  const Bytes tail = bytes_of(values);
  bytes.insert(bytes.end(), tail.begin(), tail.end());
  return bytes;
}

struct Encoded {
  Bytes code, table;
  TensorSpec out;
};

ModelBuilder decoding(const vector<Encoded>& all) {
  ModelBuilder b;
  vector<int> in, out;
  for (const Encoded& e : all) {
    for (const Bytes& bytes : {e.code, e.table}) {
      in.push_back(
          b.tensor({.type = Type::kUInt8, .shape = Shape::of(bytes.size()), .bytes = bytes}));
    }
    out.push_back(b.tensor(e.out));
  }
  b.node("TFLM_DECODE", in, out);
  b.inputs({});
  b.outputs(out);
  return b;
}

template <class T>
vector<T> decode(const Encoded& e) {
  Net net(decoding({e}));
  return net.run<T>();
}

TensorSpec channels(Type type, const Shape& shape, const vector<int64_t>& zero_points,
                    int dimension = 0) {
  return {.type = type,
          .shape = shape,
          .scales = vector<float>(zero_points.size(), 1),
          .zero_points = zero_points,
          .dimension = dimension};
}

TEST(Decode, LooksUpTwoTensors) {
  const Bytes code = {0x1B, 0xE4};
  const Encoded bytes = {code, table<int8_t>(kLookup, 2, 4, {1, 2, 3, 4}),
                         channels(Type::kInt8, Shape::of(1, 2, 4), {0})};
  const Encoded words = {code, table<int16_t>(kLookup, 2, 4, {5, 6, 7, 8}),
                         channels(Type::kInt16, Shape::of(1, 2, 4), {0})};
  EXPECT_EQ(decode<int8_t>(bytes), (vector<int8_t>{1, 2, 3, 4, 4, 3, 2, 1}));
  Net net(decoding({bytes, words}));
  ASSERT_TRUE(net.invoke()) << net.why();
  EXPECT_EQ(net.get<int8_t>(0), (vector<int8_t>{1, 2, 3, 4, 4, 3, 2, 1}));
  EXPECT_EQ(net.get<int16_t>(1), (vector<int16_t>{5, 6, 7, 8, 8, 7, 6, 5}));
}

// ---- lookup, by an encoder

class BitWriter {
 public:
  void put(uint32_t value, int count) {
    for (int i = count - 1; i >= 0; --i, ++size_) {
      if (size_ % 8 == 0) bytes_.push_back(0);
      bytes_.back() = static_cast<uint8_t>(bytes_.back() | (value >> i & 1) << (7 - size_ % 8));
    }
  }
  const Bytes& bytes() const { return bytes_; }

 private:
  Bytes bytes_;
  int size_ = 0;
};

// Two or three channels along the first dimension or the last, indices of any width.
template <class T>
void expect_lookup(Type type, int width, int32_t count, bool last) {
  Random random(static_cast<uint64_t>(width));
  const int32_t stride = 1 << width, each = 21;
  vector<T> values(static_cast<size_t>(count * stride)), want;
  for (T& v : values) v = static_cast<T>(random.between(0, 1000));
  BitWriter code;
  for (int32_t i = 0; i < count * each; ++i) {
    const int32_t channel = last ? i % count : i / each;
    const int32_t index = random.between(0, stride - 1);
    code.put(static_cast<uint32_t>(index), width);
    want.push_back(values[static_cast<size_t>(channel * stride + index)]);
  }
  const Shape shape = last ? Shape::of(each, count) : Shape::of(count, each);
  const vector<int64_t> zeros(static_cast<size_t>(count));
  EXPECT_EQ(
      decode<T>({code.bytes(),
                 table(kLookup, static_cast<uint8_t>(width), static_cast<uint8_t>(stride), values),
                 channels(type, shape, zeros, last ? 1 : 0)}),
      want)
      << width << " " << count << " " << last;
}

TEST(Decode, LooksUpAnyWidthTypeAndChannels) {
  for (int width = 1; width <= 7; ++width) {
    for (const int32_t count : {1, 2, 3}) {
      for (const bool last : {false, true}) {
        if (last && count == 1) continue;
        expect_lookup<int8_t>(Type::kInt8, width, count, last);
        expect_lookup<int16_t>(Type::kInt16, width, count, last);
        expect_lookup<int32_t>(Type::kInt32, width, count, last);
        expect_lookup<int64_t>(Type::kInt64, width, count, last);
        expect_lookup<float>(Type::kFloat32, width, count, last);
      }
    }
  }
  expect_lookup<float>(Type::kFloat32, 4, 1, false);
}

TEST(Decode, LooksUpBooleansWithoutQuantization) {
  const TensorSpec out = {.type = Type::kBool, .shape = Shape::of(4)};
  EXPECT_EQ(decode<uint8_t>({{0xA0}, table<uint8_t>(kLookup, 1, 2, {1, 0}), out}),
            (Bytes{0, 1, 0, 1}));
}

// ---- pruned

constexpr int kPruned = 80;

// Of the ten bytes of bits, the second is the other way round.
Bytes pruned_code() {
  Bytes code(10, 0xA5);
  code[1] = 0x5A;
  return code;
}

// What the code makes of values that count from `first`, in fours.
template <class T>
void expect_pruned(const TensorSpec& out, T first, const vector<int64_t>& zero_of) {
  vector<T> values, want;
  const Bytes code = pruned_code();
  for (int i = 0; i < kPruned; ++i) {
    const bool kept = (code[static_cast<size_t>(i / 8)] >> (7 - i % 8) & 1) != 0;
    const auto value = static_cast<T>(first + static_cast<T>(values.size() % 4));
    if (kept) values.push_back(value);
    want.push_back(kept ? value : static_cast<T>(zero_of[static_cast<size_t>(i)]));
  }
  EXPECT_EQ(decode<T>({code, table(kPrune, 0, 0, values), out}), want);
}

vector<int64_t> zeros_of(const vector<int64_t>& channels, int inner) {
  vector<int64_t> all;
  for (int i = 0; i < kPruned; ++i) {
    all.push_back(channels[static_cast<size_t>(i / inner) % channels.size()]);
  }
  return all;
}

TEST(Decode, PutsZeroPointsBetweenValues) {
  const Shape two = Shape::of(2, 5, 8, 1);
  expect_pruned<float>({.type = Type::kFloat32, .shape = two}, 9, zeros_of({0}, 80));
  expect_pruned<int8_t>(channels(Type::kInt8, two, {-128, 0}), 1, zeros_of({-128, 0}, 40));
  expect_pruned<int8_t>(channels(Type::kInt8, two, {0, 0}), 13, zeros_of({0}, 80));
  expect_pruned<int8_t>(channels(Type::kInt8, Shape::of(1, 8, 10, 1), {-44}), 13,
                        zeros_of({-44}, 80));
  expect_pruned<int16_t>(channels(Type::kInt16, two, {0, 0}), 5, zeros_of({0}, 80));
  expect_pruned<int32_t>(channels(Type::kInt32, two, {0, 0}), 5, zeros_of({0}, 80));
  expect_pruned<int64_t>(channels(Type::kInt64, two, {0, 0}), 5, zeros_of({0}, 80));
  vector<int64_t> many;
  for (int i = 0; i < 40; ++i) many.push_back(-i % 20);
  expect_pruned<int8_t>(channels(Type::kInt8, Shape::of(1, 2, 1, 40), many, 3), 17,
                        zeros_of(many, 1));
}

// ---- Huffman

const Bytes& huffman_code() {
  static const Bytes code = {0xF0, 0x0D, 0x79, 0xFC, 0x9C, 0x1A, 0x6E, 0x4C, 0x32, 0xAF, 0x29,
                             0xB3, 0x5D, 0xF6, 0x36, 0x02, 0x50, 0x15, 0x8C, 0xA7, 0x95, 0xDB,
                             0x29, 0x68, 0x3F, 0xBA, 0xB7, 0xED, 0xB1, 0x19, 0xE2, 0xE0};
  return code;
}
constexpr char kText[] = "nmmacnanefdacopjomeckifookhbdbdmjjdmjgojfecpbiibmanbbjbnlgjafejp";

// Tables of eight, two, four, four, two, two and two entries.
vector<uint16_t> narrow_entries() {
  return {0x986D, 0x9861, 0x986A, 0x0005, 0x0806, 0x0809, 0x000E, 0x000F,
          0x886F, 0x8868, 0x8864, 0x8864, 0x9069, 0x9066, 0x8863, 0x8863,
          0x0002, 0x906B, 0x8867, 0x886C, 0x8865, 0x8862, 0x8870, 0x886E};
}
// The same with room for larger elements.
vector<uint32_t> wide_entries() {
  vector<uint32_t> wide;
  for (const uint32_t e : narrow_entries()) wide.push_back((e & 0xF800) << 16 | (e & 0x7FF));
  return wide;
}

constexpr uint8_t kEightEntries = 2 << 4, kWide = 1;
const TensorSpec kBytes = {.type = Type::kInt8, .shape = Shape::of(64)};
const TensorSpec kWords = {.type = Type::kInt16, .shape = Shape::of(64)};

Encoded narrow(const vector<uint16_t>& entries, const Bytes& code = huffman_code()) {
  return {code, table(kHuffman, kEightEntries, 0, entries), kBytes};
}

TEST(Decode, FollowsHuffmansCode) {
  const vector<int8_t> text(kText, kText + 64);
  EXPECT_EQ(decode<int8_t>(narrow(narrow_entries())), text);
  const Bytes wide = table(kHuffman, kEightEntries | kWide, 0, wide_entries());
  EXPECT_EQ(decode<int8_t>({huffman_code(), wide, kBytes}), text);
  EXPECT_EQ(decode<int16_t>({huffman_code(), wide, kWords}),
            vector<int16_t>(text.begin(), text.end()));
}

// ---- as weights

// 10,000 weights from indices of one bit, for a layer that wants constants; in an arena of just the
// size that is said to suffice.
TEST(Decode, MakesConstantsOfAnySize) {
  constexpr int32_t kDepth = 100, kOutputs = 100;
  ModelBuilder b;
  const int in = b.tensor(
      {.type = Type::kInt8, .shape = Shape::of(1, kDepth), .scales = {1}, .zero_points = {2}});
  const int code = b.tensor({.type = Type::kUInt8,
                             .shape = Shape::of(kDepth * kOutputs / 8),
                             .bytes = Bytes(kDepth * kOutputs / 8, 0xF0)});
  const Bytes values = table<int8_t>(kLookup, 1, 2, {-1, 1});
  const int tables =
      b.tensor({.type = Type::kUInt8, .shape = Shape::of(values.size()), .bytes = values});
  const int weights = b.tensor(channels(Type::kInt8, Shape::of(kOutputs, kDepth), {0}));
  const int out = b.tensor(channels(Type::kInt8, Shape::of(1, kOutputs), {0}));
  b.node("TFLM_DECODE", {code, tables}, {weights});
  b.builtin_node(fb::BuiltinOperator::FULLY_CONNECTED, {in, weights}, {out},
                 {fb::BuiltinOptions::FullyConnectedOptions, [](flatbuffers::FlatBufferBuilder& f) {
                    return fb::CreateFullyConnectedOptions(f).Union();
                  }});
  b.inputs({in});
  b.outputs({out});
  const ModelBytes file = in_memory(b.finish());
  Message why;
  const auto model = Model::parse(file->span(), &why);
  ASSERT_TRUE(model.ok()) << why.text();
  const auto need = Interpreter::required_arena_bytes(model.value(), all_operators(), {}, &why);
  ASSERT_TRUE(need.ok()) << why.text();
  GuardedBuffer<uint8_t> arena(need.value(), Against::kUpperGuard, 16);
  auto net = Interpreter::create(model.value(), arena.span(), all_operators(), {}, &why);
  ASSERT_TRUE(net.ok()) << why.text();
  EXPECT_EQ(net.value().steps(), 1);
  std::fill_n(net.value().input(0)->as<int8_t>(), kDepth, int8_t{5});
  ASSERT_TRUE(net.value().invoke(&why).ok()) << why.text();
  // Four of one sign and four of the other, and so on; a row has 12 and a half of the eights.
  for (int32_t o = 0; o < kOutputs; ++o) {
    EXPECT_EQ(net.value().output(0)->as<int8_t>()[o], o % 2 == 0 ? 12 : -12) << o;
  }
}

// ---- damaged

std::string failure(const Encoded& e) {
  Net net(decoding({e}));
  return net.invoke() ? "runs" : net.why();
}

void expect_failure(const Encoded& e, const char* part) {
  const std::string why = failure(e);
  EXPECT_NE(why.find(part), std::string::npos) << why;
}

TEST(Decode, RefusesDamagedTables) {
  const TensorSpec out = channels(Type::kInt8, Shape::of(8), {0});
  const Bytes good = table<int8_t>(kLookup, 2, 4, {1, 2, 3, 4});
  EXPECT_EQ(failure({{0x1B, 0xE4}, good, out}), "runs");
  expect_failure({{0x1B}, good, out}, "fewer bits");
  expect_failure({{0x1B, 0xE4}, Bytes(good.begin(), good.begin() + 15), out}, "16 bytes");
  expect_failure({{0x1B, 0xE4}, Bytes(good.begin(), good.begin() + 19), out}, "value 3 of 3");
  expect_failure({{0x1B, 0xE4}, table<int8_t>(kLookup, 0, 4, {1}), out}, "no bits");
  expect_failure({{0x1B, 0xE4}, table<int8_t>(3, 2, 4, {1}), out}, "kind 3");
  for (const size_t version : {1, 4}) {
    Bytes other = good;
    other[version] = 2;
    expect_failure({{0x1B, 0xE4}, other, out}, "version");
  }
  expect_failure({{0x1B, 0xE4}, good, channels(Type::kUInt8, Shape::of(8), {0})}, "uint8");
  expect_failure({{0x1B, 0xE4}, good, channels(Type::kInt8, Shape::of(1, 2, 4), {0, 0}, 1)},
                 "dimension 1");
}

TEST(Decode, RefusesTooFewPrunedValuesAndOtherZeroPoints) {
  const TensorSpec out = channels(Type::kInt8, Shape::of(8), {0});
  expect_failure({{0xFF}, table<int8_t>(kPrune, 0, 0, {1, 2, 3}), out}, "more than 3 values");
  expect_failure({{}, table<int8_t>(kPrune, 0, 0, {1, 2, 3}), out}, "");
  expect_failure(
      {{0xFF}, table<int16_t>(kPrune, 0, 0, {1}), channels(Type::kInt16, Shape::of(2, 4), {0, -1})},
      "zero point -1");
}

TEST(Decode, RefusesDamagedHuffmanTables) {
  auto entries = narrow_entries();
  entries.resize(20);
  expect_failure(narrow(entries), "of 20");
  entries = narrow_entries();
  entries[7] = 0x7FFF;  // a link as far as can be
  expect_failure(narrow(entries), "of 24");
  std::fill(entries.begin(), entries.end(), uint16_t{0});  // nothing but links
  expect_failure(narrow(entries), "of 24");
  std::fill(entries.begin(), entries.end(), uint16_t{0x8000});  // elements of no bits
  EXPECT_EQ(failure(narrow(entries)), "runs");
  std::fill(entries.begin(), entries.end(), uint16_t{0xF800});  // of more bits than are read
  EXPECT_EQ(failure(narrow(entries)), "runs");
  expect_failure(narrow(narrow_entries(), Bytes(huffman_code().begin(), huffman_code().end() - 3)),
                 "ends at element");
  expect_failure(narrow(narrow_entries(), {1, 2}), "fewer bits");
  expect_failure({huffman_code(), table(kHuffman, kEightEntries, 0, narrow_entries()), kWords},
                 "int16");
}

// Any bytes at all: they are decoded or refused, and nothing else is touched.
TEST(Decode, SurvivesAnyBytes) {
  Random random(11);
  for (int round = 0; round < 1000; ++round) {
    Bytes code(static_cast<size_t>(random.between(1, 40)));
    Bytes tables(static_cast<size_t>(random.between(1, 80)));
    for (uint8_t& byte : code) byte = static_cast<uint8_t>(random.bits());
    for (uint8_t& byte : tables) byte = static_cast<uint8_t>(random.bits());
    const uint8_t header[] = {static_cast<uint8_t>(random.between(0, 2)), 1, 0, 0, 1};
    std::copy_n(header, std::min(std::size(header), tables.size()), tables.begin());
    const Type types[] = {Type::kBool,  Type::kInt8,  Type::kInt16,
                          Type::kInt32, Type::kInt64, Type::kFloat32};
    const Type type = types[random.between(0, 5)];
    Net net(decoding({{code, tables, {.type = type, .shape = Shape::of(random.between(0, 60))}}}));
    if (net.ok())
      (void)net.invoke();
    else
      EXPECT_NE(std::string(net.why()), "");
  }
}

}  // namespace
}  // namespace pipit::test
