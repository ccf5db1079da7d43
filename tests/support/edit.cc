// SPDX-License-Identifier: Apache-2.0
#include "tests/support/edit.h"

namespace pipit::test {

edit::ModelT unpacked(const std::vector<uint8_t>& file) {
  edit::ModelT model;
  edit::GetModel(file.data())->UnPackTo(&model);
  return model;
}

std::vector<uint8_t> packed(const edit::ModelT& model, Defaults defaults) {
  flatbuffers::FlatBufferBuilder builder;
  builder.ForceDefaults(defaults == Defaults::kWritten);
  edit::FinishModelBuffer(builder, edit::Model::Pack(builder, &model));
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

std::vector<uint8_t> edited(const std::vector<uint8_t>& file,
                            const std::function<void(edit::ModelT&)>& change) {
  edit::ModelT model = unpacked(file);
  change(model);
  return packed(model);
}

}  // namespace pipit::test
