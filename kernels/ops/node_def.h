// SPDX-License-Identifier: Apache-2.0
// The options of a Flex operator: a node of a TensorFlow graph with its attributes.
//
//   NodeDef node;
//   PIPIT_TRY(NodeDef::read(p, "CropAndResize", &node));
//   const float outside = node.real("extrapolation_value", 0);
//
// They are a flexbuffer, a vector of two strings: the operator's name, and a message NodeDef in the
// encoding of protocol buffers.
#pragma once

#include <cstdint>

#include "pipit/op.h"

namespace pipit {

class NodeDef {
 public:
  // Fails unless the options are a node of that operator, whole and undamaged.
  static Status read(const Prepare& p, const char* op, NodeDef* node);

  // An attribute's value; what is given when the node has none or it is of another kind.
  float real(const char* name, float otherwise) const;
  // The same whether an attribute is a text: true also when the node has none.
  bool is_text(const char* name, const char* text) const;

 private:
  struct Field;
  class Reader;

  static bool whole(Span<const uint8_t> message, uint32_t key, uint32_t inner);
  bool is_node_of(const char* op) const;
  bool find(const char* name, uint32_t kind, Field* value) const;

  Span<const uint8_t> bytes_;
};

}  // namespace pipit
