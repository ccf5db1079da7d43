// SPDX-License-Identifier: Apache-2.0
// How an interpreter is to be made.
#pragma once

namespace tflite {

class InterpreterOptions {
 public:
  void SetPreserveAllTensors(bool value = true) { preserve_ = value; }
  bool GetPreserveAllTensors() const { return preserve_; }
  void SetDynamicAllocationForLargeTensors(int) {}
  void OptimizeMemoryForLargeTensors(int) {}
  void SetEnsureDynamicTensorsAreReleased(bool = true) {}
  void SetDisableDelegateClustering(bool = true) {}
  void SetCacheConstantCastOp(bool) {}

 private:
  bool preserve_ = false;
};

}  // namespace tflite
