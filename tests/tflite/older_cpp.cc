// SPDX-License-Identifier: Apache-2.0
// Compiles as C++14, with a function of its own under a name that younger versions of the original
// have.
#include <cstdlib>
#include <cstring>

#include "tensorflow/lite/interpreter.h"
#include "tensorflow/lite/kernels/builtin_op_kernels.h"
#include "tensorflow/lite/kernels/kernel_util.h"
#include "tensorflow/lite/kernels/register.h"
#include "tensorflow/lite/model.h"
#include "tensorflow/lite/optional_debug_tools.h"
#include "tensorflow/lite/profiling/profile_summarizer.h"
#include "tensorflow/lite/profiling/profiler.h"
#include "tensorflow/lite/stateful_error_reporter.h"
#include "tensorflow/lite/string_util.h"
#include "tensorflow/lite/util.h"

static_assert(__cplusplus < 201703L, "");

namespace older {
namespace {

bool is_copied = false;

TfLiteFloatArray* TfLiteFloatArrayCopy(const TfLiteFloatArray* from) {
  const auto bytes = static_cast<size_t>(TfLiteFloatArrayGetSizeInBytes(from->size));
  auto* copy = static_cast<TfLiteFloatArray*>(std::malloc(bytes));
  std::memcpy(copy, from, bytes);
  is_copied = true;
  return copy;
}

}  // namespace

// Whether that copies which is the program's, and the library's by its full name.
bool copies_by_itself();
bool copies_by_itself() {
  TfLiteFloatArray* one = TfLiteFloatArrayCreate(1);
  one->data[0] = 3;
  TfLiteFloatArray* other = TfLiteFloatArrayCopy(one);
  const bool own = is_copied;
  is_copied = false;
  TfLiteFloatArray* third = ::TfLiteFloatArrayCopy(one);
  const bool same = other->data[0] == 3 && third->data[0] == 3 && !is_copied;
  for (TfLiteFloatArray* a : {one, other, third}) TfLiteFloatArrayFree(a);
  return own && same;
}

}  // namespace older
