// SPDX-License-Identifier: Apache-2.0
// The builtin operators: all of them, whatever the resolver's name.
#pragma once

#include "tensorflow/lite/mutable_op_resolver.h"

namespace tflite {
namespace ops {
namespace builtin {

class BuiltinOpResolver : public MutableOpResolver {};
class BuiltinOpResolverWithXNNPACK : public BuiltinOpResolver {
 public:
  explicit BuiltinOpResolverWithXNNPACK(bool = false) {}
};
class BuiltinOpResolverWithoutDefaultDelegates : public BuiltinOpResolver {};
class BuiltinRefOpResolver : public MutableOpResolver {};

}  // namespace builtin
}  // namespace ops
}  // namespace tflite
