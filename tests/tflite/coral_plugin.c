/* SPDX-License-Identifier: Apache-2.0 */
/* A delegate in a shared library that makes the calls that Coral's libedgetpu makes: it puts itself
   into the context, replaces each operator that is compiled for an Edge TPU by a kernel of its own,
   whose init looks at the operator that it replaces, and which finds the delegate by the context.
   In place of an Edge TPU it adds the last byte of the operator's options, or 1.

   Options: "device" as libedgetpu has it ("", "usb", "pci", ":0", ...; only the first of a kind is
   there), and "fail", where it shall fail: "look", "init", "prepare", "invoke". */
#include <stdlib.h>
#include <string.h>

#include "tensorflow/lite/c/common.h"

struct device {
  TfLiteExternalContext context;
  TfLiteDelegate delegate;
  char fail[16];
};

struct job {
  int step;
  int prepared;
};

static struct device* device_of(TfLiteContext* context) {
  return (struct device*)context->GetExternalContext(context, kTfLiteEdgeTpuContext);
}

static int fails(const struct device* device, const char* where) {
  return strcmp(device->fail, where) == 0;
}

static void* init(TfLiteContext* context, const char* buffer, size_t length) {
  const TfLiteDelegateParams* params = (const TfLiteDelegateParams*)buffer;
  const unsigned char* options;
  TfLiteRegistration* op;
  TfLiteNode* node;
  struct job* job;
  (void)length;
  /* libedgetpu ends the program in these cases. */
  if (params == NULL || params->nodes_to_replace->size != 1) abort();
  if (context->GetNodeAndRegistration(context, params->nodes_to_replace->data[0], &node, &op) !=
      kTfLiteOk) {
    abort();
  }
  if (fails((const struct device*)params->delegate->data_, "init")) return NULL;
  job = (struct job*)calloc(1, sizeof(*job));
  options = (const unsigned char*)node->custom_initial_data;
  job->step = node->custom_initial_data_size > 0 ? options[node->custom_initial_data_size - 1] : 1;
  return job;
}

static void end(TfLiteContext* context, void* job) {
  if (job == NULL) context->ReportError(context, "Null custom op data.");
  free(job);
}

static TfLiteStatus prepare(TfLiteContext* context, TfLiteNode* node) {
  struct job* job = (struct job*)node->user_data;
  const TfLiteTensor* in = &context->tensors[node->inputs->data[0]];
  TfLiteTensor* out = &context->tensors[node->outputs->data[0]];
  if (job == NULL || device_of(context) == NULL) {
    context->ReportError(context, "%s",
                         job == NULL ? "Null custom op data." : "Failed to retrieve TPU context.");
    return kTfLiteError;
  }
  if (in->dims->size > 0 && out->dims->size == in->dims->size &&
      in->dims->data[0] != out->dims->data[0]) { /* another batch */
    TfLiteIntArray* dims = TfLiteIntArrayCopy(out->dims);
    dims->data[0] = in->dims->data[0];
    context->ResizeTensor(context, out, dims);
  }
  if (fails(device_of(context), "prepare") || in->bytes != out->bytes) {
    context->ReportError(context, "Failed to prepare for TPU. %s", "no such executable");
    return kTfLiteError;
  }
  job->prepared = 1;
  return kTfLiteOk;
}

static TfLiteStatus invoke(TfLiteContext* context, TfLiteNode* node) {
  const struct job* job = (const struct job*)node->user_data;
  const TfLiteTensor* in = &context->tensors[node->inputs->data[0]];
  TfLiteTensor* out = &context->tensors[node->outputs->data[0]];
  size_t i;
  if (device_of(context) == NULL || !job->prepared || fails(device_of(context), "invoke")) {
    context->ReportError(context, "Failed to execute request. Deadline exceeded");
    return kTfLiteError;
  }
  if (in->type == kTfLiteFloat32) {
    for (i = 0; i < in->bytes / sizeof(float); ++i)
      out->data.f[i] = in->data.f[i] + (float)job->step;
  } else {
    for (i = 0; i < in->bytes; ++i) out->data.uint8[i] = (uint8_t)(in->data.uint8[i] + job->step);
  }
  return kTfLiteOk;
}

static TfLiteStatus look(TfLiteContext* context, TfLiteDelegate* delegate) {
  struct device* device = (struct device*)delegate->data_;
  TfLiteRegistration mine;
  TfLiteIntArray* plan;
  TfLiteIntArray* nodes;
  int i;
  context->SetExternalContext(context, kTfLiteEdgeTpuContext, &device->context);
  if (context->GetExecutionPlan(context, &plan) != kTfLiteOk) return kTfLiteError;
  nodes = TfLiteIntArrayCreate(plan->size);
  nodes->size = 0;
  for (i = 0; i < plan->size; ++i) {
    TfLiteNode* node;
    TfLiteRegistration* op;
    if (context->GetNodeAndRegistration(context, plan->data[i], &node, &op) != kTfLiteOk) break;
    if (op->custom_name != NULL && strcmp(op->custom_name, "edgetpu-custom-op") == 0) {
      nodes->data[nodes->size++] = plan->data[i];
    }
  }
  memset(&mine, 0, sizeof(mine));
  mine.init = init;
  mine.free = end;
  mine.prepare = prepare;
  mine.invoke = invoke;
  mine.custom_name = "EdgeTpuDelegateForCustomOp";
  mine.version = 1;
  for (i = 0; i < nodes->size; ++i) {
    TfLiteIntArray* one = TfLiteIntArrayCreate(1);
    one->data[0] = nodes->data[i];
    context->ReplaceNodeSubsetsWithDelegateKernels(context, mine, one, delegate);
    TfLiteIntArrayFree(one);
  }
  TfLiteIntArrayFree(nodes);
  return fails(device, "look") ? kTfLiteError : kTfLiteOk;
}

static int is_there(const char* device) {
  static const char* const known[] = {"", "usb", "pci", ":0", "usb:0", "pci:0"};
  size_t i;
  for (i = 0; i < sizeof(known) / sizeof(known[0]); ++i) {
    if (strcmp(device, known[i]) == 0) return 1;
  }
  return 0;
}

#define EXPORT __attribute__((visibility("default")))

EXPORT TfLiteDelegate* tflite_plugin_create_delegate(char** keys, char** values, size_t count,
                                                     void (*report)(const char*)) {
  struct device* device;
  size_t i;
  (void)report; /* libedgetpu says nothing when there is no such device */
  for (i = 0; i < count; ++i) {
    if (strcmp(keys[i], "device") == 0 && !is_there(values[i])) return NULL;
  }
  device = (struct device*)calloc(1, sizeof(*device));
  for (i = 0; i < count; ++i) {
    if (strcmp(keys[i], "fail") == 0) strncpy(device->fail, values[i], sizeof(device->fail) - 1);
  }
  device->context.type = kTfLiteEdgeTpuContext;
  device->delegate = TfLiteDelegateCreate();
  device->delegate.data_ = device;
  device->delegate.Prepare = look;
  device->delegate.flags = kTfLiteDelegateFlagsAllowDynamicTensors;
  return &device->delegate;
}

EXPORT void tflite_plugin_destroy_delegate(TfLiteDelegate* delegate) {
  if (delegate != NULL) free(delegate->data_);
}
