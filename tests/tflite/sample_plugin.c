/* SPDX-License-Identifier: Apache-2.0 */
/* A delegate in a shared library, as others write them: claims every ABS, and computes the negative
   absolute value, so that it shows. The option "fail" makes none; "flags" sets its flags. */
#include <stdlib.h>
#include <string.h>

#include "tensorflow/lite/builtin_ops.h"
#include "tensorflow/lite/c/common.h"

static TfLiteStatus run(TfLiteContext* context, TfLiteNode* node) {
  const TfLiteTensor* in = &context->tensors[node->inputs->data[0]];
  TfLiteTensor* out = &context->tensors[node->outputs->data[0]];
  size_t i;
  for (i = 0; i < in->bytes / sizeof(float); ++i) {
    out->data.f[i] = in->data.f[i] < 0 ? in->data.f[i] : -in->data.f[i];
  }
  return kTfLiteOk;
}

static TfLiteStatus look(TfLiteContext* context, TfLiteDelegate* delegate) {
  TfLiteRegistration mine;
  TfLiteIntArray* plan;
  TfLiteIntArray* wanted;
  TfLiteStatus status;
  int i;
  if (context->GetExecutionPlan(context, &plan) != kTfLiteOk) return kTfLiteError;
  wanted = TfLiteIntArrayCreate(plan->size);
  wanted->size = 0;
  for (i = 0; i < plan->size; ++i) {
    TfLiteNode* node;
    TfLiteRegistration* op;
    status = context->GetNodeAndRegistration(context, plan->data[i], &node, &op);
    if (status == kTfLiteOk && op->builtin_code == kTfLiteBuiltinAbs) {
      wanted->data[wanted->size++] = plan->data[i];
    }
  }
  memset(&mine, 0, sizeof(mine));
  mine.invoke = run;
  mine.custom_name = "SamplePlugin";
  status = context->ReplaceNodeSubsetsWithDelegateKernels(context, mine, wanted, delegate);
  TfLiteIntArrayFree(wanted);
  return status;
}

#define EXPORT __attribute__((visibility("default")))

EXPORT TfLiteDelegate* tflite_plugin_create_delegate(char** keys, char** values, size_t count,
                                                     void (*report)(const char*)) {
  TfLiteDelegate* made;
  size_t i;
  for (i = 0; i < count; ++i) {
    if (strcmp(keys[i], "fail") != 0) continue;
    report(values[i]);
    return NULL;
  }
  made = (TfLiteDelegate*)calloc(1, sizeof(TfLiteDelegate));
  made->Prepare = look;
  return made;
}

EXPORT void tflite_plugin_destroy_delegate(TfLiteDelegate* delegate) { free(delegate); }
