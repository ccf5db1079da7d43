/* SPDX-License-Identifier: Apache-2.0 */
/* A program as others write it, which knows TensorFlow Lite's C headers alone: runs a model over
   numbers that count up, and prints its tensors, a line each. Built once, it runs with any
   library of that interface.

   usage: client MODEL [RUNS] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tensorflow/lite/c/c_api.h"
#include "tensorflow/lite/c/common.h"

static void say(void* user, const char* format, va_list arguments) {
  (void)user;
  fputs("reported: ", stdout);
  vprintf(format, arguments);
  putchar('\n');
}

/* Every number, so that two libraries can be compared. */
static void print_values(const TfLiteTensor* t) {
  const unsigned char* bytes = (const unsigned char*)TfLiteTensorData(t);
  const size_t n = bytes == NULL ? 0 : TfLiteTensorByteSize(t);
  size_t i;
  if (t->type == kTfLiteFloat32 || t->type == kTfLiteComplex64) {
    for (i = 0; i < n / sizeof(float); ++i) printf(" %.6g", (double)t->data.f[i]);
  } else if (t->type == kTfLiteInt8) {
    for (i = 0; i < n; ++i) printf(" %d", (int)t->data.int8[i]);
  } else {
    for (i = 0; i < n; ++i) printf(" %d", (int)bytes[i]);
  }
}

static void print(const char* what, int i, const TfLiteTensor* t) {
  int d;
  printf("%s %d '%s' %s %zu bytes [", what, i, TfLiteTensorName(t), TfLiteTypeGetName(t->type),
         TfLiteTensorByteSize(t));
  for (d = 0; d < TfLiteTensorNumDims(t); ++d) printf(d == 0 ? "%d" : ",%d", TfLiteTensorDim(t, d));
  printf("] scale %.8g zero %d\n", (double)TfLiteTensorQuantizationParams(t).scale,
         (int)TfLiteTensorQuantizationParams(t).zero_point);
}

static void fill(TfLiteTensor* t) {
  size_t i;
  if (t->data.raw == NULL) return;
  if (t->type == kTfLiteFloat32) {
    for (i = 0; i < t->bytes / sizeof(float); ++i) t->data.f[i] = (float)(i % 17) / 17.0f;
  } else if (t->type == kTfLiteBool || t->type == kTfLiteInt32 || t->type == kTfLiteInt64) {
    memset(t->data.raw, 0, t->bytes);
  } else {
    for (i = 0; i < t->bytes; ++i) t->data.uint8[i] = (uint8_t)(i * 7);
  }
}

static int run(TfLiteInterpreter* net, int runs) {
  int i, status = TfLiteInterpreterAllocateTensors(net);
  printf("allocate %d\n", status);
  if (status != kTfLiteOk) return 0;
  for (i = 0; i < TfLiteInterpreterGetInputTensorCount(net); ++i) {
    print("input", i, TfLiteInterpreterGetInputTensor(net, i));
    fill(TfLiteInterpreterGetInputTensor(net, i));
  }
  for (i = 0; i < runs; ++i) status = TfLiteInterpreterInvoke(net);
  printf("invoke %d\n", status);
  if (status != kTfLiteOk) return 0;
  for (i = 0; i < TfLiteInterpreterGetOutputTensorCount(net); ++i) {
    const TfLiteTensor* t = TfLiteInterpreterGetOutputTensor(net, i);
    print("output", i, t);
    printf("values %d", i);
    print_values(t);
    putchar('\n');
  }
  return 0;
}

int main(int argc, char** argv) {
  TfLiteModel* model = TfLiteModelCreateFromFile(argc > 1 ? argv[1] : "");
  TfLiteInterpreterOptions* options = TfLiteInterpreterOptionsCreate();
  TfLiteInterpreter* net;
  if (model == NULL) return puts("no model"), 1;
  TfLiteInterpreterOptionsSetNumThreads(options, 2);
  TfLiteInterpreterOptionsSetErrorReporter(options, say, NULL);
  net = TfLiteInterpreterCreate(model, options);
  TfLiteInterpreterOptionsDelete(options);
  TfLiteModelDelete(model); /* early, as documented */
  if (net == NULL) return puts("no interpreter"), 0;
  run(net, argc > 2 ? atoi(argv[2]) : 1);
  TfLiteInterpreterDelete(net);
  return 0;
}
