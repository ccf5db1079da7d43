// SPDX-License-Identifier: Apache-2.0
// Models from files and from memory.
#include <cstring>
#include <memory>

#include "tflite/handles.h"

using pipit::Message;
using pipit::Model;
using pipit::Result;
using pipit::Span;
namespace compat = pipit::compat;

namespace pipit::compat {
namespace {

TfLiteModel* parse(std::unique_ptr<ModelFile> file, Span<const uint8_t> bytes,
                   const Reporter& report) {
  Message why;
  const Result<Model> parsed = Model::parse(bytes, &why);
  if (!parsed.ok()) {
    report.line("%s", why.text());
    return nullptr;
  }
  file->model = parsed.value();
  file->bytes = bytes;
  return new TfLiteModel{Shared<ModelFile>(file.release())};
}

TfLiteModel* from_memory(const void* data, size_t size, const Reporter& report) {
  if (data == nullptr) {
    report.line("there is no model: its bytes are NULL");
    return nullptr;
  }
  if (reinterpret_cast<uintptr_t>(data) % alignof(ModelFile::Block) != 0) {
    return copied_model(data, size, report);
  }
  return parse(std::make_unique<ModelFile>(), {static_cast<const uint8_t*>(data), size}, report);
}

TfLiteModel* from_file(const char* path, const Reporter& report) {
  auto file = std::make_unique<ModelFile>();
  const char* error = path == nullptr ? "its path is NULL" : file->file.open(path);
  if (error != nullptr) {
    report.line("cannot read the model '%s': %s", path == nullptr ? "" : path, error);
    return nullptr;
  }
  const Span<const uint8_t> bytes = file->file.bytes();
  return parse(std::move(file), bytes, report);
}

}  // namespace

TfLiteModel* copied_model(const void* data, size_t size, const Reporter& report) {
  auto file = std::make_unique<ModelFile>();
  file->copy.resize(size / sizeof(ModelFile::Block) + 1);
  std::memcpy(file->copy.data(), data, size);
  const Span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(file->copy.data()), size);
  return parse(std::move(file), bytes, report);
}

}  // namespace pipit::compat

extern "C" {

TfLiteModel* TfLiteModelCreateWithErrorReporter(const void* model_data, size_t model_size,
                                                void (*reporter)(void*, const char*, va_list),
                                                void* user_data) {
  const compat::Reporter report(reporter, user_data);
  return compat::guarded<TfLiteModel*>(
      report, nullptr, [&] { return compat::from_memory(model_data, model_size, report); });
}

TfLiteModel* TfLiteModelCreate(const void* model_data, size_t model_size) {
  return TfLiteModelCreateWithErrorReporter(model_data, model_size, nullptr, nullptr);
}

TfLiteModel* TfLiteModelCreateFromFileWithErrorReporter(
    const char* model_path, void (*reporter)(void*, const char*, va_list), void* user_data) {
  const compat::Reporter report(reporter, user_data);
  return compat::guarded<TfLiteModel*>(report, nullptr,
                                       [&] { return compat::from_file(model_path, report); });
}

TfLiteModel* TfLiteModelCreateFromFile(const char* model_path) {
  return TfLiteModelCreateFromFileWithErrorReporter(model_path, nullptr, nullptr);
}

void TfLiteModelDelete(TfLiteModel* model) { delete model; }

}  // extern "C"
