// SPDX-License-Identifier: Apache-2.0
// The C interface: models and interpreters as opaque handles, for C and for every language that can
// call C. Its functions and structs keep their meaning within one PIPIT_ABI.
//
//   pipit_message why;
//   pipit_model* model;
//   pipit_interpreter* net;
//   if (pipit_model_open("model.tflite", &model, &why)) return fail(why.text);
//   if (pipit_interpreter_create(model, NULL, 0, &net, &why)) return fail(why.text);
//   pipit_tensor in = {.struct_bytes = sizeof(in)}, out = {.struct_bytes = sizeof(out)};
//   pipit_interpreter_input(net, 0, 0, &in);
//   pipit_interpreter_output(net, 0, 0, &out);
//   memcpy(in.data, image, in.bytes);
//   if (pipit_interpreter_invoke(net, &why)) return fail(why.text);
//
// Rules
// - A pipit_code other than PIPIT_OK is a failure. `why` may be NULL; it is written on failure
// only.
// - A struct that starts with `struct_bytes` wants its own size there before a call: so a program
//   built with an older header keeps working with a newer library.
// - What a struct points to lives as long as the model or interpreter it was asked of.
// - An index out of range is PIPIT_BAD_ARGUMENT, or a count of -1; so is NULL for a handle or for
//   what is to be filled. A handle that was not made is NULL.
// - One handle may be used by one thread at a time, but for pipit_interpreter_cancel(): what runs
//   or changes an interpreter answers PIPIT_BUSY to a second one. Different interpreters, also of
//   one model, are independent.
#pragma once

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define PIPIT_API __attribute__((visibility("default")))
#else
#define PIPIT_API
#endif

#define PIPIT_ABI 1
#define PIPIT_MAX_RANK 8
#define PIPIT_MAX_OPERATORS 64
#define PIPIT_MAX_DELEGATES 8
#define PIPIT_MESSAGE_BYTES 1024

#ifdef __cplusplus
extern "C" {
#endif

// "0.2.0"
PIPIT_API const char* pipit_version(void);

typedef int32_t pipit_code;
enum {
  PIPIT_OK = 0,
  PIPIT_BAD_MODEL = 1,        // the bytes are not a well-formed model
  PIPIT_UNSUPPORTED = 2,      // well-formed, but outside what this build can run
  PIPIT_ARENA_TOO_SMALL = 3,  // the message says which size suffices
  PIPIT_BAD_ARGUMENT = 4,     // the caller broke the contract of the function
  PIPIT_RUN_FAILED = 5,       // a value that arrived in a tensor cannot be processed
  PIPIT_NO_FILE = 6,          // the file cannot be read
  PIPIT_CANCELLED = 7,        // see pipit_interpreter_cancel()
  PIPIT_BUSY = 8              // another thread is using the interpreter
};

// One line of text for a person, ended by a zero byte.
typedef struct pipit_message {
  char text[PIPIT_MESSAGE_BYTES];
} pipit_message;

// ---- tensors

// Element types; the numbers are those of the file format.
typedef int32_t pipit_type;
enum {
  PIPIT_FLOAT32 = 0,
  PIPIT_FLOAT16 = 1,
  PIPIT_INT32 = 2,
  PIPIT_UINT8 = 3,
  PIPIT_INT64 = 4,
  PIPIT_STRING = 5,  // int32 count, int32 offset[count + 1], bytes; offsets from the buffer's start
  PIPIT_BOOL = 6,
  PIPIT_INT16 = 7,
  PIPIT_COMPLEX64 = 8,
  PIPIT_INT8 = 9,
  PIPIT_FLOAT64 = 10,
  PIPIT_COMPLEX128 = 11,
  PIPIT_UINT64 = 12,
  PIPIT_RESOURCE = 13,
  PIPIT_VARIANT = 14,
  PIPIT_UINT32 = 15,
  PIPIT_UINT16 = 16,
  PIPIT_INT4 = 17,  // two elements a byte, the first in the low half
  PIPIT_BFLOAT16 = 18,
  PIPIT_INT2 = 19,
  PIPIT_UINT4 = 20,
  PIPIT_FLOAT8_E4M3FN = 21,
  PIPIT_FLOAT8_E5M2 = 22
};

// "float32", "int8", ...
PIPIT_API const char* pipit_type_name(pipit_type type);

// Where a tensor's bytes are.
enum {
  PIPIT_STORAGE_NONE = 0,
  PIPIT_STORAGE_CONSTANT = 1,    // in the model: read only
  PIPIT_STORAGE_ACTIVATION = 2,  // valid from the step that writes it to the last that reads it
  PIPIT_STORAGE_VARIABLE = 3,    // kept between invocations
  PIPIT_STORAGE_DYNAMIC = 4,     // shape and bytes known only after an invocation
  PIPIT_STORAGE_BORROWED = 5     // the caller's, in a called subgraph
};

typedef struct pipit_tensor {
  size_t struct_bytes;
  const char* name;  // "" when the file gives none
  void* data;        // NULL when it has no bytes (now)
  size_t bytes;
  int32_t index;  // in its subgraph
  pipit_type type;
  int32_t storage;
  int32_t rank;
  int32_t shape[PIPIT_MAX_RANK];
  int32_t shape_signature[PIPIT_MAX_RANK];  // the shape, with -1 where the model allows any size
  // real = (q - zero_point) * scale. One scale, or one for each index of quantized_dimension.
  const float* scales;
  const int64_t* zero_points;
  int32_t scale_count;
  int32_t zero_point_count;
  int32_t quantized_dimension;
  int32_t block_size;         // elements that share a scale, in blocks along the last dimension
  int32_t block_scales;       // the tensor that has their scales (float16); -1 without blocks
  int32_t sparse_dimensions;  // see pipit_model_sparsity(); 0 when it is dense
} pipit_tensor;

// ---- models

// The checked bytes of a .tflite file. Must outlive its interpreters.
typedef struct pipit_model pipit_model;

// What a model takes in memory of the caller, which must be aligned to 16 bytes.
PIPIT_API size_t pipit_model_bytes(void);
// A model over bytes that stay where they are, aligned to 16.
PIPIT_API pipit_code pipit_model_init(void* memory, size_t memory_bytes, const void* file,
                                      size_t file_bytes, pipit_model** model, pipit_message* why);
// A model over a file, which is mapped read-only.
PIPIT_API pipit_code pipit_model_init_file(void* memory, size_t memory_bytes, const char* path,
                                           pipit_model** model, pipit_message* why);
// Unmaps the file, if there is one. The memory is the caller's again.
PIPIT_API void pipit_model_release(pipit_model* model);

PIPIT_API const char* pipit_model_description(const pipit_model* model);
PIPIT_API int32_t pipit_model_subgraphs(const pipit_model* model);
PIPIT_API int32_t pipit_model_tensors(const pipit_model* model, int32_t subgraph);
// As the file has it: data and bytes of constants only.
PIPIT_API pipit_code pipit_model_tensor(const pipit_model* model, int32_t subgraph, int32_t i,
                                        pipit_tensor* tensor);

// How the file stores a sparse constant: dimensions in traversal order, then the blocks that divide
// those of block_map.
typedef struct pipit_sparsity {
  const int32_t* traversal_order;
  const int32_t* block_map;
  int32_t traversal_count;
  int32_t block_map_count;
} pipit_sparsity;

// One of them: dense, or in compressed rows. Segments and indices have 1, 2 or 4 bytes each; those
// of less than 4 have no sign.
typedef struct pipit_sparse_dimension {
  int32_t sparse;
  int32_t dense_size;
  const void* segments;
  const void* indices;
  int32_t segment_count;
  int32_t segment_bytes;
  int32_t index_count;
  int32_t index_bytes;
} pipit_sparse_dimension;

// PIPIT_BAD_ARGUMENT when the tensor is dense.
PIPIT_API pipit_code pipit_model_sparsity(const pipit_model* model, int32_t subgraph,
                                          int32_t tensor, pipit_sparsity* sparsity);
PIPIT_API pipit_code pipit_model_sparse_dimension(const pipit_model* model, int32_t subgraph,
                                                  int32_t tensor, int32_t i,
                                                  pipit_sparse_dimension* dimension);

// The number of inputs (outputs), and their tensor indices.
PIPIT_API int32_t pipit_model_inputs(const pipit_model* model, int32_t subgraph,
                                     const int32_t** tensors);
PIPIT_API int32_t pipit_model_outputs(const pipit_model* model, int32_t subgraph,
                                      const int32_t** tensors);

typedef struct pipit_node {
  const char* op;         // "CONV_2D", or the name of a custom operator
  const int32_t* inputs;  // tensor indices; -1 where one is left out
  const int32_t* outputs;
  int32_t input_count;
  int32_t output_count;
  int32_t code;  // of the file format
  int32_t version;
} pipit_node;

PIPIT_API int32_t pipit_model_nodes(const pipit_model* model, int32_t subgraph);
PIPIT_API pipit_code pipit_model_node(const pipit_model* model, int32_t subgraph, int32_t i,
                                      pipit_node* node);

// A number in the builtin options of a node: the field with id `field` of their table in the file
// format, which takes so many bytes there (1, 2, 4 or 8; a float's bits as an integer).
// `otherwise`, the format's default, when the file leaves the field or the options out.
PIPIT_API int64_t pipit_model_option(const pipit_model* model, int32_t subgraph, int32_t node,
                                     int32_t field, int32_t bytes, int64_t otherwise);

typedef struct pipit_signature {
  const char* key;
  int32_t subgraph;
  int32_t inputs;
  int32_t outputs;
} pipit_signature;

// Stands for a signature that every model has, in all functions that take one: subgraph 0, whose
// inputs and outputs go by the names of their tensors. Its key is "".
#define PIPIT_DEFAULT_SIGNATURE (-2)

PIPIT_API int32_t pipit_model_signatures(const pipit_model* model);
PIPIT_API pipit_code pipit_model_signature(const pipit_model* model, int32_t i,
                                           pipit_signature* signature);
// The signature of that name, or -1.
PIPIT_API int32_t pipit_model_find_signature(const pipit_model* model, const char* key);
// Name and tensor index of an input or output of a signature.
PIPIT_API pipit_code pipit_model_signature_input(const pipit_model* model, int32_t signature,
                                                 int32_t i, const char** name, int32_t* tensor);
PIPIT_API pipit_code pipit_model_signature_output(const pipit_model* model, int32_t signature,
                                                  int32_t i, const char** name, int32_t* tensor);

// What tools have written beside the model, "min_runtime_version" for example, and its bytes.
PIPIT_API int32_t pipit_model_metadata_count(const pipit_model* model);
PIPIT_API pipit_code pipit_model_metadata(const pipit_model* model, int32_t i, const char** name,
                                          const void** data, size_t* bytes);

// ---- operators of the application

typedef struct pipit_prepare pipit_prepare;  // one node while it is planned
typedef struct pipit_run pipit_run;          // one node while it runs

// `prepare` checks the node, sets the shape of every output, and may leave parameters; `run` then
// computes the outputs. Both return a code; PIPIT_OK or what pipit_prepare_fail / pipit_run_fail
// returned.
typedef struct pipit_operator {
  size_t struct_bytes;
  const char* name;  // the custom name that the file uses
  void* context;     // passed to both functions
  pipit_code (*prepare)(void* context, pipit_prepare* node);
  pipit_code (*run)(void* context, const void* parameters, pipit_run* node);
} pipit_operator;

// `data` of an input is set only when its values are known already.
PIPIT_API int32_t pipit_prepare_inputs(const pipit_prepare* node);
PIPIT_API int32_t pipit_prepare_outputs(const pipit_prepare* node);
PIPIT_API pipit_code pipit_prepare_input(const pipit_prepare* node, int32_t i,
                                         pipit_tensor* tensor);
PIPIT_API pipit_code pipit_prepare_output(const pipit_prepare* node, int32_t i,
                                          pipit_tensor* tensor);
PIPIT_API pipit_code pipit_prepare_set_output(pipit_prepare* node, int32_t i, int32_t rank,
                                              const int32_t* shape);
// The custom options of the node.
PIPIT_API const void* pipit_prepare_options(const pipit_prepare* node, size_t* bytes);
// Zeroed bytes that live as long as the plan and are passed to `run`; NULL when the arena is too
// small (return PIPIT_ARENA_TOO_SMALL then). At most once for each node.
PIPIT_API void* pipit_prepare_parameters(pipit_prepare* node, size_t bytes);
// Bytes that `run` may use and nobody keeps.
PIPIT_API void pipit_prepare_scratch(pipit_prepare* node, size_t bytes);
// The output shapes depend on values that are not known yet: `prepare` is called again when they
// are, shortly before `run`.
PIPIT_API pipit_code pipit_prepare_defer(pipit_prepare* node);
PIPIT_API pipit_code pipit_prepare_fail(pipit_prepare* node, pipit_code code, const char* text);

PIPIT_API pipit_code pipit_run_input(const pipit_run* node, int32_t i, pipit_tensor* tensor);
PIPIT_API pipit_code pipit_run_output(const pipit_run* node, int32_t i, pipit_tensor* tensor);
PIPIT_API void* pipit_run_scratch(const pipit_run* node);
PIPIT_API pipit_code pipit_run_fail(pipit_run* node, const char* text);

// ---- delegates: something else that computes, an accelerator or another library

typedef struct pipit_partition pipit_partition;  // nodes that a delegate computes in one step

// While a model is planned, a delegate is shown each node that does nothing but compute its outputs
// from its inputs, in fixed shapes, and claims those that it will compute (not 0). What it claims
// of nodes that follow each other is one partition: `prepare` (which may be NULL) plans it, `run`
// computes its outputs. A model is planned to measure its memory, to run, and by each resize: the
// answers are the same each time. What of it came about: pipit_interpreter_delegation().
typedef struct pipit_delegate {
  size_t struct_bytes;
  const char* name;
  void* context;                                                       // passed to all three
  int32_t (*claims)(void* context, const pipit_partition* candidate);  // of one node
  pipit_code (*prepare)(void* context, pipit_partition* partition);
  // `partition` has the inputs and outputs of pipit_partition_input() and pipit_partition_output().
  pipit_code (*run)(void* context, const void* parameters, pipit_run* partition);
} pipit_delegate;

PIPIT_API int32_t pipit_partition_subgraph(const pipit_partition* partition);
PIPIT_API int32_t pipit_partition_nodes(const pipit_partition* partition);
// Its i-th node, and that node's position in the subgraph's list of operators.
PIPIT_API pipit_code pipit_partition_node(const pipit_partition* partition, int32_t i,
                                          pipit_node* node, int32_t* number);
// A number in the builtin options of its i-th node: see pipit_model_option().
PIPIT_API int64_t pipit_partition_option(const pipit_partition* partition, int32_t i, int32_t field,
                                         int32_t bytes, int64_t otherwise);
// A tensor by its index, in the shape it was planned for; `data` is set for constants.
PIPIT_API pipit_code pipit_partition_tensor(const pipit_partition* partition, int32_t index,
                                            pipit_tensor* tensor);
// What it reads from outside, but for constants; what others read of it. Tensors that its nodes
// hand to each other alone have no bytes.
PIPIT_API int32_t pipit_partition_inputs(const pipit_partition* partition);
PIPIT_API int32_t pipit_partition_outputs(const pipit_partition* partition);
PIPIT_API pipit_code pipit_partition_input(const pipit_partition* partition, int32_t i,
                                           pipit_tensor* tensor);
PIPIT_API pipit_code pipit_partition_output(const pipit_partition* partition, int32_t i,
                                            pipit_tensor* tensor);
// As pipit_prepare_parameters(), pipit_prepare_scratch() and pipit_prepare_fail().
PIPIT_API void* pipit_partition_parameters(pipit_partition* partition, size_t bytes);
PIPIT_API void pipit_partition_scratch(pipit_partition* partition, size_t bytes);
PIPIT_API pipit_code pipit_partition_fail(pipit_partition* partition, pipit_code code,
                                          const char* text);

// A shared library with a delegate exports `pipit_delegate_create`, and `pipit_delegate_destroy` if
// it wants to. The first returns NULL, and says why, when these options make no delegate.
typedef const pipit_delegate* (*pipit_delegate_create_function)(const char* const* keys,
                                                                const char* const* values,
                                                                size_t count, pipit_message* why);
typedef void (*pipit_delegate_destroy_function)(const pipit_delegate* delegate);

// ---- threads

// Threads that do the work of one invocation together: its results never depend on how many. Any
// number of interpreters may share a team; while it is at work for one, others do without. It lives
// until the last interpreter with it is gone. After fork() the child has none of its threads:
// initialize it again in the same memory there.
typedef struct pipit_team pipit_team;

// What a team takes in memory of the caller, which must be aligned to 64 bytes.
PIPIT_API size_t pipit_team_bytes(void);
// Starts threads until there are `threads` with the calling one, or as many as the system gives.
PIPIT_API pipit_code pipit_team_init(void* memory, size_t memory_bytes, int32_t threads,
                                     pipit_team** team, pipit_message* why);
// How many there are.
PIPIT_API int32_t pipit_team_threads(const pipit_team* team);
// Ends the threads. The memory is the caller's again.
PIPIT_API void pipit_team_release(pipit_team* team);

// ---- interpreters

typedef struct pipit_interpreter pipit_interpreter;

// A shape for an input (its position, from 0) of a subgraph in place of the file's.
typedef struct pipit_input_shape {
  int32_t subgraph;
  int32_t input;
  int32_t rank;
  int32_t shape[PIPIT_MAX_RANK];
} pipit_input_shape;

// An operator of the plan, while profiling and in pipit_interpreter_step().
typedef struct pipit_step {
  const char* op;
  const char* variant;  // the kernel chosen: "portable", "neon", ...; "" for none
  int32_t node;         // position in the subgraph's list of operators
  int32_t subgraph;
} pipit_step;

// Called before (begins = 1) and after (0) each step of an invocation.
typedef void (*pipit_profiler)(void* context, const pipit_step* step, int32_t begins);

// Operators of which one reads what another computes can run together, some rows at a time: that
// saves memory and costs some time. No result changes.
enum {
  PIPIT_BANDS_WHERE_THEY_PAY = 0,
  PIPIT_BANDS_NEVER = 1,
  PIPIT_BANDS_EVERYWHERE = 2  // for tests
};

// Bytes that a plan gives to a tensor, or to a step as scratch memory (where a chain has its
// bands). Tensors that share bytes have one block.
typedef struct pipit_block {
  int32_t subgraph;
  int32_t tensor;  // the one whose bytes they are, or the largest of those that share them; or -1
  int32_t step;    // whose scratch memory it is, or -1
  int32_t first;   // the steps (see pipit_interpreter_step()) in which they are in use
  int32_t last;
  uint64_t offset;  // from the beginning of the subgraph's activations
  uint64_t bytes;
} pipit_block;

typedef void (*pipit_block_listener)(void* context, const pipit_block* block);

typedef struct pipit_options {
  size_t struct_bytes;
  const pipit_input_shape* shapes;  // inputs to resize before planning
  size_t shape_count;
  const pipit_operator* operators;  // the application's own, looked up first
  size_t operator_count;            // at most PIPIT_MAX_OPERATORS
  const char* isa;                  // at most "portable", "neon", "dotprod" or "i8mm"; NULL: what
                                    // the CPU has
  void* activations;                // where activations lie, aligned to 16; NULL: in the arena
  size_t activation_bytes;
  int32_t overwrite_inputs;                // 1: inputs have to be written before each invocation
  int32_t preserve_all;                    // 1: every tensor can be read after an invocation
  const pipit_delegate* const* delegates;  // shown the model's nodes in this order
  size_t delegate_count;                   // at most PIPIT_MAX_DELEGATES
  uint64_t random_seed;   // where random operators start from to which the file gives no seeds
  pipit_team* team;       // threads to share the work with; NULL: the calling one alone
  int64_t least_share;    // cycles, roughly, below which a share is not worth a thread
  int64_t max_calls;      // of subgraphs in one invocation, two for each iteration of a WHILE: more
                          // are taken for an endless loop; 0: twenty million
  int32_t main_may_fail;  // 1: subgraph 0, too, may be one that does not run: see
                          // pipit_interpreter_runs()
  uint64_t max_activation_bytes;  // that bands are to keep within, however little each of them
                                  // saves; 0: as many as it takes
  int32_t bands;                  // one of PIPIT_BANDS_...
  int32_t band_rows;              // of a chain's output at a time; 0: as many as fit a small cache
  const char* cpu;  // whose memory is planned, "cortex-a76" or the like; the kernels are those that
                    // this CPU can run. "aarch64", "armhf" (each for programs of its kind): what
                    // suffices on every ARM CPU, "any": and on this one; for
                    // pipit_required_memory() alone. NULL: this one
  pipit_block_listener block;  // pipit_required_memory() tells it of each block; where it takes
  void* block_context;         // several attempts, several times
} pipit_options;

// The defaults; sets struct_bytes. A program gets as many of them as its header has (or calls the
// function, without the macro: those of the first header).
PIPIT_API void pipit_options_init(pipit_options* options);
PIPIT_API void pipit_options_init_bytes(pipit_options* options, size_t struct_bytes);
#define pipit_options_init(options) pipit_options_init_bytes((options), sizeof(pipit_options))

typedef struct pipit_memory {
  size_t struct_bytes;
  size_t arena_bytes;        // what the arena must have...
  size_t separate_bytes;     // ...and when activations lie elsewhere
  size_t activation_bytes;   // activations and scratch
  size_t lower_bound_bytes;  // the most of them alive at one step
} pipit_memory;

// Fails, and names them, when there is no operator for some node.
PIPIT_API pipit_code pipit_check_operators(const pipit_model* model, const pipit_options* options,
                                           pipit_message* why);
// What pipit_interpreter_init will need. `options` may be NULL here and below.
PIPIT_API pipit_code pipit_required_memory(const pipit_model* model, const pipit_options* options,
                                           pipit_memory* memory, pipit_message* why);
// Plans the model into the arena (aligned to 16), where the handle lies, too. Nothing has to be
// released: when the caller reuses the arena, the interpreter is gone.
PIPIT_API pipit_code pipit_interpreter_init(const pipit_model* model, void* arena,
                                            size_t arena_bytes, const pipit_options* options,
                                            pipit_interpreter** net, pipit_message* why);

// Tensors as they are now. Subgraphs that neither a signature nor an operator runs have none.
PIPIT_API int32_t pipit_interpreter_tensors(const pipit_interpreter* net, int32_t subgraph);
PIPIT_API pipit_code pipit_interpreter_tensor(const pipit_interpreter* net, int32_t subgraph,
                                              int32_t i, pipit_tensor* tensor);
PIPIT_API pipit_code pipit_interpreter_input(const pipit_interpreter* net, int32_t subgraph,
                                             int32_t i, pipit_tensor* tensor);
PIPIT_API pipit_code pipit_interpreter_output(const pipit_interpreter* net, int32_t subgraph,
                                              int32_t i, pipit_tensor* tensor);

// Uses the caller's own bytes for an input or output from the next invocation on; NULL, or a
// resize, returns to the arena's. They need the tensor's size and the alignment of its elements. A
// string input has to be bound: to a string buffer of any size.
PIPIT_API pipit_code pipit_interpreter_bind_input(pipit_interpreter* net, int32_t subgraph,
                                                  int32_t i, void* bytes, size_t size,
                                                  pipit_message* why);
PIPIT_API pipit_code pipit_interpreter_bind_output(pipit_interpreter* net, int32_t subgraph,
                                                   int32_t i, void* bytes, size_t size,
                                                   pipit_message* why);

// A model is refused when subgraph 0 cannot run. Of the subgraphs of its signatures, those that
// cannot are left out of the plan: whether one runs, or why not.
PIPIT_API pipit_code pipit_interpreter_runs(const pipit_interpreter* net, int32_t subgraph,
                                            pipit_message* why);
PIPIT_API pipit_code pipit_interpreter_invoke(pipit_interpreter* net, pipit_message* why);
PIPIT_API pipit_code pipit_interpreter_invoke_signature(pipit_interpreter* net, int32_t signature,
                                                        pipit_message* why);

// Ends the running invocation before its next step, with PIPIT_CANCELLED; its outputs are
// undefined. The one function that another thread may call meanwhile, and the profiler. Where
// nothing runs, nothing happens.
PIPIT_API void pipit_interpreter_cancel(const pipit_interpreter* net);

// Another team (NULL: the calling thread alone) from the next invocation on; results do not depend
// on it. Of more threads than the plan was made for, the next resize makes use.
PIPIT_API pipit_code pipit_interpreter_set_team(pipit_interpreter* net, pipit_team* team,
                                                pipit_message* why);

// Plans again with these shapes in place of all earlier ones. On failure, also when the arena is
// too small, everything stays as it was (but if an operator or delegate of the application refuses
// what it has just accepted, there is nothing left to do but resize again). `strict` allows only
// dimensions that are -1 in shape_signature.
PIPIT_API pipit_code pipit_interpreter_resize(pipit_interpreter* net,
                                              const pipit_input_shape* shapes, size_t count,
                                              int32_t strict, pipit_message* why);
// Does nothing while another thread uses the interpreter.
PIPIT_API void pipit_interpreter_reset_variables(pipit_interpreter* net);

PIPIT_API pipit_code pipit_interpreter_memory(const pipit_interpreter* net, pipit_memory* memory);
PIPIT_API int32_t pipit_interpreter_steps(const pipit_interpreter* net, int32_t subgraph);
PIPIT_API pipit_code pipit_interpreter_step(const pipit_interpreter* net, int32_t subgraph,
                                            int32_t i, pipit_step* step);

// What a step costs when it runs once, by the shapes of its tensors: products of inputs and weights
// that are summed up, and bytes, each input and each output counted once.
typedef struct pipit_cost {
  int64_t multiply_adds;
  int64_t read_bytes;
  int64_t written_bytes;
  int64_t weight_bytes;  // of those read
} pipit_cost;

PIPIT_API pipit_code pipit_interpreter_step_cost(const pipit_interpreter* net, int32_t subgraph,
                                                 int32_t i, pipit_cost* cost);

// What delegates compute: `nodes` are positions in the subgraph's list of operators.
typedef struct pipit_partition_info {
  const char* delegate;
  const int32_t* nodes;
  int32_t node_count;
  int32_t subgraph;
} pipit_partition_info;

PIPIT_API int32_t pipit_interpreter_partitions(const pipit_interpreter* net);
PIPIT_API pipit_code pipit_interpreter_partition(const pipit_interpreter* net, int32_t i,
                                                 pipit_partition_info* partition);
// The same in a line: "npu computes 5 of 31 operators in 2 partitions: 0-3; 7".
PIPIT_API void pipit_interpreter_delegation(const pipit_interpreter* net, pipit_message* report);

// NULL: none.
PIPIT_API void pipit_interpreter_set_profiler(pipit_interpreter* net, pipit_profiler profiler,
                                              void* context);
// A profiler that adds the nanoseconds of each node of subgraph 0 to nanoseconds[node]. NULL ends
// it.
PIPIT_API void pipit_interpreter_time_nodes(pipit_interpreter* net, uint64_t* nanoseconds,
                                            size_t nodes);

// ---- with memory from malloc, for programs that have it

// PIPIT_NO_FILE when it cannot be read.
PIPIT_API pipit_code pipit_model_open(const char* path, pipit_model** model, pipit_message* why);
// A model over a copy of the bytes, wherever they lie.
PIPIT_API pipit_code pipit_model_copy(const void* file, size_t file_bytes, pipit_model** model,
                                      pipit_message* why);
PIPIT_API void pipit_model_close(pipit_model* model);
// An interpreter in an arena of the size that it needs, and `room` more bytes for tensors whose
// shape is known only while running.
PIPIT_API pipit_code pipit_interpreter_create(const pipit_model* model,
                                              const pipit_options* options, size_t room,
                                              pipit_interpreter** net, pipit_message* why);
PIPIT_API void pipit_interpreter_delete(pipit_interpreter* net);
PIPIT_API pipit_code pipit_team_create(int32_t threads, pipit_team** team, pipit_message* why);
PIPIT_API void pipit_team_delete(pipit_team* team);

#ifdef __cplusplus
}
#endif
