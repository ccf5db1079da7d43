// SPDX-License-Identifier: Apache-2.0
// The library's custom operators, for programs that add each by its name.
#pragma once

#include "tensorflow/lite/library_ops.h"

namespace tflite {
namespace ops {
namespace custom {

inline TfLiteRegistration* Register_AUDIO_SPECTROGRAM() {
  return detail::library_op(kTfLiteBuiltinCustom, "AudioSpectrogram");
}
inline TfLiteRegistration* Register_DETECTION_POSTPROCESS() {
  return detail::library_op(kTfLiteBuiltinCustom, "TFLite_Detection_PostProcess");
}
inline TfLiteRegistration* Register_MFCC() {
  return detail::library_op(kTfLiteBuiltinCustom, "Mfcc");
}

}  // namespace custom
}  // namespace ops
}  // namespace tflite
