// SPDX-License-Identifier: Apache-2.0
// DENSIFY: a constant that is stored sparsely becomes a plain one.
//
// The file walks the tensor level by level: first its dimensions in some order, then the dimensions
// of blocks, if any. Each level visits all of its indices or those of a list.
//
//   rows dense, columns listed:   starts 0 2 3, indices 0 3 1, values a b c   ->   a . . b
//                                                                                  . c . .
#include <algorithm>
#include <cstring>

#include "kernels/ops.h"
#include "kernels/ops/index_list.h"
#include "kernels/ops/moves.h"

namespace pipit {
namespace {

constexpr int32_t kMaxLevels = 2 * Shape::kMaxRank;

// Visit number v of the level before leads to the visits [v * size, (v + 1) * size) of a dense
// level, or to [starts[v], starts[v + 1]) of a listed one.
struct Level {
  int32_t size = 0;           // dense
  IndexList starts, indices;  // listed
  int32_t step = 0;           // elements of the output from one index to the next
};

struct Params {
  Level levels[kMaxLevels];
  int32_t count;
  size_t element;  // bytes
  const uint8_t* in;
  uint8_t* out;
};

// The visits of the last level are the stored values, in order. It calls itself once for each
// level, of which there are at most kMaxLevels.
void fill(const Params& p, int32_t level, int32_t visit, int32_t at) {
  if (level == p.count) {
    std::memcpy(p.out + static_cast<size_t>(at) * p.element,
                p.in + static_cast<size_t>(visit) * p.element, p.element);
    return;
  }
  const Level& l = p.levels[level];
  if (l.starts.size == 0) {
    for (int32_t i = 0; i < l.size; ++i) {
      fill(p, level + 1, visit * l.size + i, at + i * l.step);
    }
    return;
  }
  for (int32_t i = l.starts[visit]; i < l.starts[visit + 1]; ++i) {
    fill(p, level + 1, i, at + l.indices[i] * l.step);
  }
}

Status run(const Step& s, Run&) {
  Params p = *s.params<Params>();
  p.in = s.input(0).as<uint8_t>();
  p.out = s.output(0).as<uint8_t>();
  std::memset(p.out, 0, s.output(0).bytes);
  fill(p, 0, 0, 0);
  return {};
}

// What the file says of a tensor's storage, with the checks that make `fill` safe.
class Reader {
 public:
  Reader(const Prepare& p, const fb::SparsityParameters& file)
      : p_(p), order_(file.traversal_order()), blocks_(file.block_map()), file_(file) {}

  Status read(Params* params) {
    PIPIT_TRY(read_order());
    PIPIT_TRY(read_blocks());
    params->count = levels_;
    int64_t visits = 1;
    for (int32_t i = 0; i < levels_; ++i) {
      PIPIT_TRY(read_level(i, &params->levels[i], &visits));
    }
    const Tensor& in = p_.input(0);
    if (visits * type_bits(in.type) == static_cast<int64_t>(in.bytes) * 8) return {};
    return p_.bad(in, ": ", visits, " sparse values, but ", in.bytes, " bytes");
  }

 private:
  // The dimension that a level walks, of the tensor or, from rank() on, of a block.
  int32_t walked(int32_t level) const { return at(order_, level); }
  int32_t rank() const { return p_.input(0).shape.rank; }
  const fb::DimensionMetadata& file_level(int32_t level) const {
    return *at(file_.dim_metadata(), level);
  }
  template <class... P>
  Status bad(const P&... parts) const {
    return p_.bad(p_.input(0), ": ", parts...);
  }

  // The order names every dimension once, those of blocks last.
  Status read_order() {
    const int32_t blocks = blocks_ == nullptr ? 0 : static_cast<int32_t>(blocks_->size());
    const int64_t levels = order_ == nullptr ? 0 : static_cast<int64_t>(order_->size());
    if (rank() < 1 || blocks > rank() || levels != rank() + blocks ||
        file_.dim_metadata() == nullptr || file_.dim_metadata()->size() != order_->size()) {
      return bad("sparse levels do not match its dimensions and ", blocks, " blocks");
    }
    levels_ = static_cast<int32_t>(levels);
    uint32_t seen = 0;
    for (int32_t i = 0; i < levels_; ++i) {
      const int32_t d = walked(i);
      if (d < 0 || d >= levels_ || (seen >> d & 1) != 0 || (d < rank()) != (i < rank())) {
        return bad("sparse level ", i, " walks dimension ", d);
      }
      seen |= uint32_t{1} << d;
    }
    return {};
  }

  // A dimension may be cut into blocks, whose sizes are those of the levels that walk them.
  Status read_blocks() {
    std::fill(block_, block_ + Shape::kMaxRank, 1);
    for (int32_t i = rank(); i < levels_; ++i) {
      const int32_t d = at(blocks_, walked(i) - rank());
      const int32_t size = file_level(i).dense_size();
      if (d < 0 || d >= rank() || block_[d] != 1 || size < 1 || size > p_.input(0).shape[d]) {
        return bad("blocks of ", size, " in dimension ", d);
      }
      block_[d] = size;
    }
    return {};
  }

  Status read_level(int32_t i, Level* level, int64_t* visits) const {
    const bool in_block = i >= rank();
    const int32_t d = in_block ? at(blocks_, walked(i) - rank()) : walked(i);
    const Shape& shape = p_.input(0).shape;
    const int32_t limit = in_block ? block_[d] : shape[d] / block_[d];
    level->step = shape.product(d + 1, shape.rank) * (in_block ? 1 : block_[d]);
    const fb::DimensionMetadata& m = file_level(i);
    if (m.format() == fb::DimensionType::DENSE) {
      level->size = m.dense_size();
      if (level->size < 0 || level->size > limit) {
        return bad("sparse level ", i, " has ", level->size, " indices of ", limit);
      }
      *visits *= level->size;
      return *visits <= INT32_MAX ? Status() : bad(*visits, " sparse values are too many");
    }
    if (in_block) return bad("sparse level ", i, " lists indices in blocks");
    level->starts = index_list(m.array_segments_type(), m.array_segments());
    level->indices = index_list(m.array_indices_type(), m.array_indices());
    return check_list(i, *level, limit, visits);
  }

  Status check_list(int32_t i, const Level& level, int32_t limit, int64_t* visits) const {
    const int32_t last = level.starts.size - 1;
    if (last != *visits || level.starts[0] != 0 || level.starts[last] != level.indices.size) {
      return bad("the lists of sparse level ", i, " do not add up");
    }
    for (int32_t v = 0; v < last; ++v) {
      if (level.starts[v + 1] < level.starts[v]) return bad("list ", v, " ends too early");
    }
    for (int32_t k = 0; k < level.indices.size; ++k) {
      if (level.indices[k] < 0 || level.indices[k] >= limit) {
        return bad("sparse index ", level.indices[k], " is outside of ", limit);
      }
    }
    *visits = level.indices.size;
    return {};
  }

  const Prepare& p_;
  const flatbuffers::Vector<int32_t>* order_;
  const flatbuffers::Vector<int32_t>* blocks_;
  const fb::SparsityParameters& file_;
  int32_t levels_ = 0;
  int32_t block_[Shape::kMaxRank] = {};  // of each dimension of the tensor
};

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  const Tensor& in = p.input(0);
  PIPIT_TRY(need_type(p, in, types(Type::kFloat32, Type::kFloat16, Type::kInt8)));
  const auto* sparsity = static_cast<const fb::Tensor*>(in.file_tensor)->sparsity();
  if (sparsity == nullptr || !in.constant()) return p.bad("input ", in, " is not sparse");
  p.set_output_type(0, in.type);
  PIPIT_TRY(p.set_output(0, in.shape));
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  PIPIT_TRY(Reader(p, *sparsity).read(params));
  params->element = static_cast<size_t>(element_bytes(in.type));
  return p.run(run, params, "portable");
}

}  // namespace

const Op kDensify = {builtin(fb::BuiltinOperator::DENSIFY), "DENSIFY", prepare, kOpSparse};

}  // namespace pipit
