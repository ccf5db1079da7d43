/* SPDX-License-Identifier: Apache-2.0 */
/* Loads delegates from shared libraries, and runs a model of one ABS with them.

   usage: plugin_client MODEL PLUGIN NO_PLUGIN */
#include <stdio.h>
#include <string.h>

#include "tensorflow/lite/c/c_api.h"
#include "tensorflow/lite/delegates/external/external_delegate.h"

#define CHECK(x)                                          \
  do {                                                    \
    if (!(x)) {                                           \
      printf("FAILED at line %d: %s\n", __LINE__, #x);    \
      return 1;                                           \
    }                                                     \
  } while (0)

int main(int argc, char** argv) {
  TfLiteExternalDelegateOptions options;
  TfLiteDelegate* delegate;
  TfLiteModel* model;
  TfLiteInterpreterOptions* with;
  TfLiteInterpreter* net;
  float values[2] = {-3, 4};
  int i;
  CHECK(argc == 4);

  options = TfLiteExternalDelegateOptionsDefault("/nowhere.so");
  CHECK(TfLiteExternalDelegateCreate(&options) == NULL);
  CHECK(TfLiteExternalDelegateCreate(NULL) == NULL);
  options = TfLiteExternalDelegateOptionsDefault(argv[3]); /* without entry points */
  CHECK(TfLiteExternalDelegateCreate(&options) == NULL);
  options = TfLiteExternalDelegateOptionsDefault(argv[2]);
  CHECK(options.insert(&options, "fail", "as asked for") == kTfLiteOk);
  CHECK(TfLiteExternalDelegateCreate(&options) == NULL);
  for (i = 1; i < kExternalDelegateMaxOptions; ++i) {
    CHECK(options.insert(&options, "key", "value") == kTfLiteOk);
  }
  CHECK(options.insert(&options, "key", "value") == kTfLiteError);

  options = TfLiteExternalDelegateOptionsDefault(argv[2]);
  delegate = TfLiteExternalDelegateCreate(&options);
  CHECK(delegate != NULL);
  model = TfLiteModelCreateFromFile(argv[1]);
  CHECK(model != NULL);
  with = TfLiteInterpreterOptionsCreate();
  TfLiteInterpreterOptionsAddDelegate(with, delegate);
  net = TfLiteInterpreterCreate(model, with);
  CHECK(net != NULL);
  CHECK(TfLiteInterpreterAllocateTensors(net) == kTfLiteOk);
  CHECK(TfLiteTensorCopyFromBuffer(TfLiteInterpreterGetInputTensor(net, 0), values,
                                   sizeof(values)) == kTfLiteOk);
  CHECK(TfLiteInterpreterInvoke(net) == kTfLiteOk);
  CHECK(TfLiteTensorCopyToBuffer(TfLiteInterpreterGetOutputTensor(net, 0), values,
                                 sizeof(values)) == kTfLiteOk);
  CHECK(values[0] == -3 && values[1] == -4);
  TfLiteInterpreterDelete(net);
  TfLiteInterpreterOptionsDelete(with);
  TfLiteModelDelete(model);
  TfLiteExternalDelegateDelete(delegate);
  TfLiteExternalDelegateDelete(NULL);
  puts("ok");
  return 0;
}
