// SPDX-License-Identifier: Apache-2.0
#include "kernels/ops/block_scales.h"

#include "core/schema.h"

namespace pipit {
namespace {

const fb::BlockwiseQuantization* blockwise(const Tensor& matrix) {
  // Such quantization has no scales of its own, but the number of the tensor that holds them.
  const auto* q = static_cast<const fb::Tensor*>(matrix.file_tensor)->quantization();
  return q == nullptr ? nullptr : q->details_as_BlockwiseQuantization();
}

}  // namespace

bool has_block_scales(const Tensor& matrix) { return blockwise(matrix) != nullptr; }

Status find_block_scales(const Prepare& p, const Tensor& matrix, BlockScales* found) {
  const int32_t rows = matrix.shape[0], depth = matrix.shape[1];
  found->block = blockwise(matrix)->block_size();
  if (matrix.shape.rank != 2 || found->block < 1 || depth % found->block != 0) {
    return p.bad(matrix, " is not made of blocks of ", found->block);
  }
  // So blocks, and rows that are made of them, begin at a byte.
  if ((int64_t{found->block} * type_bits(matrix.type)) % 8 != 0) {
    return p.unsupported(matrix, ": blocks of ", found->block, " are not whole bytes");
  }
  const Tensor* scales = p.tensor(blockwise(matrix)->scales());
  const int64_t n = int64_t{rows} * (depth / found->block);
  if (scales == nullptr || !scales->constant() || scales->type != Type::kFloat16 ||
      scales->bytes != static_cast<uint64_t>(n) * sizeof(uint16_t)) {
    return p.bad(matrix, " has no constant float16 scale for each block of ", found->block);
  }
  found->scales = scales->as<uint16_t>();
  return {};
}

}  // namespace pipit
