// SPDX-License-Identifier: Apache-2.0
// All operators of the library, whatever the resolver's name.
#pragma once

#include "tensorflow/lite/kernels/custom_ops_register.h"
#include "tensorflow/lite/mutable_op_resolver.h"

namespace tflite {
namespace ops {
namespace builtin {

class BuiltinOpResolver : public MutableOpResolver {
 public:
  const TfLiteRegistration* FindOp(BuiltinOperator op, int version) const override {
    const TfLiteRegistration* own = MutableOpResolver::FindOp(op, version);
    return own != nullptr ? own : detail::library_op(op);
  }
  const TfLiteRegistration* FindOp(const char* op, int version) const override {
    const TfLiteRegistration* own = MutableOpResolver::FindOp(op, version);
    return own != nullptr || op == nullptr ? own : detail::library_op(kTfLiteBuiltinCustom, op);
  }
};
class BuiltinOpResolverWithXNNPACK : public BuiltinOpResolver {
 public:
  explicit BuiltinOpResolverWithXNNPACK(bool = false) {}
};
class BuiltinOpResolverWithoutDefaultDelegates : public BuiltinOpResolver {};
class BuiltinRefOpResolver : public BuiltinOpResolver {};

}  // namespace builtin
}  // namespace ops
}  // namespace tflite
