// SPDX-License-Identifier: Apache-2.0
// Runs a model on two threads and prints what comes out: musl_client MODEL
#include <stdio.h>

#include "pipit/pipit.h"

static int fail(const pipit_message* why) {
  puts(why->text);
  return 1;
}

int main(int argc, char** argv) {
  pipit_message why = {""};
  pipit_model* model = NULL;
  pipit_interpreter* net = NULL;
  pipit_options options;
  pipit_tensor in = {.struct_bytes = sizeof(in)}, out = {.struct_bytes = sizeof(out)};
  pipit_options_init(&options);
  options.least_share = 1;
  if (argc != 2 || pipit_team_create(2, &options.team, &why)) return fail(&why);
  printf("%d threads\n", pipit_team_threads(options.team));
  if (pipit_model_open(argv[1], &model, &why)) return fail(&why);
  if (pipit_interpreter_create(model, &options, 0, &net, &why)) return fail(&why);
  pipit_interpreter_input(net, 0, 0, &in);
  pipit_interpreter_output(net, 0, 0, &out);
  for (size_t i = 0; i < in.bytes; ++i) ((unsigned char*)in.data)[i] = (unsigned char)i;
  if (pipit_interpreter_invoke(net, &why)) return fail(&why);
  for (size_t i = 0; i < out.bytes; ++i) printf("%d ", ((unsigned char*)out.data)[i]);
  puts("");
  pipit_interpreter_delete(net);
  pipit_model_close(model);
  pipit_team_delete(options.team);
  return 0;
}
