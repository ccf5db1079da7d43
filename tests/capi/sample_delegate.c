/* SPDX-License-Identifier: Apache-2.0 */
/* A delegate in C, linked into tests and as a shared library of its own: computes float ADD of
 * equal shapes and CONV_2D without padding, from what the file says of them. The option "refuse"
 * makes prepare() fail, "no" create. */
#include <pipit/pipit.h>
#include <stdint.h>
#include <string.h>

enum { CODE_ADD = 0, CODE_CONV_2D = 3, VALID = 1, MOST_NODES = 8, MOST_INPUTS = 3 };

typedef struct values {
  const float* constant; /* or else */
  int32_t from;          /* an input of the step, or ~ a node of the partition */
  int32_t shape[4];
} values;

typedef struct part {
  int32_t code, stride_w, stride_h, relu;
  values in[MOST_INPUTS];
  int32_t shape[4];
  int32_t output;  /* of the step; -1: none */
  size_t elements; /* of the result */
  size_t between;  /* where the result lies in the scratch memory */
} part;

typedef struct job {
  int32_t count;
  part parts[MOST_NODES];
} job;

static pipit_tensor tensor(const pipit_partition* p, int32_t index) {
  pipit_tensor t = {.struct_bytes = sizeof(t)};
  pipit_partition_tensor(p, index, &t);
  return t;
}

static int32_t claims(void* context, const pipit_partition* p) {
  pipit_node node;
  (void)context;
  pipit_partition_node(p, 0, &node, NULL);
  const pipit_tensor a = tensor(p, node.inputs[0]);
  if (a.type != PIPIT_FLOAT32 || a.rank != 4 || a.shape[0] != 1) return 0;
  if (node.code == CODE_CONV_2D) return pipit_partition_option(p, 0, 0, 1, 0) == VALID;
  const pipit_tensor b = tensor(p, node.inputs[1]);
  return node.code == CODE_ADD && b.rank == 4 && memcmp(a.shape, b.shape, sizeof(a.shape)) == 0;
}

static values operand(const pipit_partition* p, const job* done, int32_t index) {
  const pipit_tensor t = tensor(p, index);
  values v = {.constant = t.data};
  memcpy(v.shape, t.shape, sizeof(v.shape));
  for (int32_t i = 0; i < pipit_partition_inputs(p); ++i) {
    pipit_tensor input = {.struct_bytes = sizeof(input)};
    pipit_partition_input(p, i, &input);
    if (input.index == index) v.from = i;
  }
  for (int32_t i = 0; i < done->count; ++i) {
    pipit_node node;
    pipit_partition_node(p, i, &node, NULL);
    if (node.outputs[0] == index) v.from = ~i;
  }
  return v;
}

static void plan(const pipit_partition* p, job* j, size_t* scratch) {
  const int32_t i = j->count;
  part* n = &j->parts[i];
  pipit_node node;
  pipit_partition_node(p, i, &node, NULL);
  const int conv = node.code == CODE_CONV_2D;
  n->code = node.code;
  n->stride_w = conv ? (int32_t)pipit_partition_option(p, i, 1, 4, 0) : 1;
  n->stride_h = conv ? (int32_t)pipit_partition_option(p, i, 2, 4, 0) : 1;
  n->relu = pipit_partition_option(p, i, conv ? 3 : 0, 1, 0) == 1;
  for (int32_t k = 0; k < node.input_count; ++k) n->in[k] = operand(p, j, node.inputs[k]);
  const pipit_tensor out = tensor(p, node.outputs[0]);
  memcpy(n->shape, out.shape, sizeof(n->shape));
  n->output = -1;
  for (int32_t o = 0; o < pipit_partition_outputs(p); ++o) {
    pipit_tensor t = {.struct_bytes = sizeof(t)};
    pipit_partition_output(p, o, &t);
    if (t.index == out.index) n->output = o;
  }
  n->elements = out.bytes / sizeof(float);
  n->between = *scratch;
  *scratch += n->elements;
  j->count = i + 1;
}

static pipit_code prepare(void* context, pipit_partition* p) {
  size_t scratch = 0;
  if (*(const int*)context) return pipit_partition_fail(p, PIPIT_UNSUPPORTED, "told to refuse");
  if (pipit_partition_nodes(p) > MOST_NODES) return PIPIT_UNSUPPORTED;
  job* j = pipit_partition_parameters(p, sizeof(*j));
  if (j == NULL) return PIPIT_ARENA_TOO_SMALL;
  for (int32_t i = 0; i < pipit_partition_nodes(p); ++i) plan(p, j, &scratch);
  pipit_partition_scratch(p, scratch * sizeof(float));
  return PIPIT_OK;
}

static const float* find(const job* j, pipit_run* step, const values* v) {
  pipit_tensor t = {.struct_bytes = sizeof(t)};
  if (v->constant != NULL) return v->constant;
  if (v->from < 0) return (const float*)pipit_run_scratch(step) + j->parts[~v->from].between;
  pipit_run_input(step, v->from, &t);
  return t.data;
}

static float convolve(const part* n, const float* x, const float* w, const int32_t at[3]) {
  const int32_t *in = n->in[0].shape, *filter = n->in[1].shape;
  float sum = 0;
  for (int32_t y = 0; y < filter[1]; ++y) {
    for (int32_t k = 0; k < filter[2] * filter[3]; ++k) {
      const int32_t row = at[0] * n->stride_h + y, column = at[1] * n->stride_w;
      sum += x[(row * in[2] + column) * in[3] + k] *
             w[(at[2] * filter[1] + y) * filter[2] * filter[3] + k];
    }
  }
  return sum;
}

static void compute(const job* j, const part* n, pipit_run* step, float* to) {
  const float *a = find(j, step, &n->in[0]), *b = find(j, step, &n->in[1]);
  const float* bias = n->code == CODE_CONV_2D ? find(j, step, &n->in[2]) : NULL;
  for (int32_t i = 0; i < (int32_t)n->elements; ++i) {
    const int32_t channel = i % n->shape[3], pixel = i / n->shape[3];
    const int32_t at[3] = {pixel / n->shape[2], pixel % n->shape[2], channel};
    to[i] = bias != NULL ? convolve(n, a, b, at) + bias[channel] : a[i] + b[i];
    if (n->relu && to[i] < 0) to[i] = 0;
  }
}

static pipit_code run(void* context, const void* parameters, pipit_run* step) {
  const job* j = parameters;
  (void)context;
  for (int32_t i = 0; i < j->count; ++i) {
    const part* n = &j->parts[i];
    float* to = (float*)pipit_run_scratch(step) + n->between;
    compute(j, n, step, to);
    if (n->output < 0) continue;
    pipit_tensor out = {.struct_bytes = sizeof(out)};
    pipit_run_output(step, n->output, &out);
    memcpy(out.data, to, out.bytes);
  }
  return PIPIT_OK;
}

static int refuses;
static const pipit_delegate sample = {sizeof(sample), "sample", &refuses, claims, prepare, run};

const pipit_delegate* pipit_delegate_create(const char* const* keys, const char* const* values,
                                            size_t count, pipit_message* why);
const pipit_delegate* pipit_delegate_create(const char* const* keys, const char* const* values,
                                            size_t count, pipit_message* why) {
  refuses = 0;
  for (size_t i = 0; i < count; ++i) {
    if (strcmp(keys[i], "refuse") == 0) refuses = strcmp(values[i], "0") != 0;
    if (strcmp(keys[i], "no") != 0) continue;
    strcpy(why->text, "no such accelerator");
    return NULL;
  }
  return &sample;
}
