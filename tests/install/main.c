/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a model with the C interface: user_c MODEL */
#include <pipit/pipit.h>
#include <stdio.h>

int main(int argc, char** argv) {
  pipit_message why = {{0}};
  pipit_model* model = NULL;
  pipit_interpreter* net = NULL;
  pipit_code bad = pipit_model_open(argc > 1 ? argv[1] : "", &model, &why);
  if (!bad) bad = pipit_interpreter_create(model, NULL, 0, &net, &why);
  if (!bad) bad = pipit_interpreter_invoke(net, &why);
  if (bad) return puts(why.text), 1;
  printf("%d outputs\n", (int)pipit_model_outputs(model, 0, NULL));
  pipit_interpreter_delete(net);
  pipit_model_close(model);
  return 0;
}
