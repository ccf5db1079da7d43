// SPDX-License-Identifier: Apache-2.0
// The builtin options of the node that is being prepared.
#pragma once

#include "core/schema.h"
#include "pipit/op.h"

namespace pipit {

// The node's options when they are of table T; nullptr when the file left them out or holds another
// kind (the operator then uses the format's defaults).
template <class T>
const T* options(const Prepare& p) {
  int type = 0;
  const void* table = p.options(&type);
  return type == static_cast<int>(fb::BuiltinOptionsTraits<T>::enum_value)
             ? static_cast<const T*>(table)
             : nullptr;
}

// The same for the second union (STABLEHLO operators and those since).
template <class T>
const T* options2(const Prepare& p) {
  int type = 0;
  const void* table = p.options2(&type);
  return type == static_cast<int>(fb::BuiltinOptions2Traits<T>::enum_value)
             ? static_cast<const T*>(table)
             : nullptr;
}

}  // namespace pipit
