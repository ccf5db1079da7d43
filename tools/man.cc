// SPDX-License-Identifier: Apache-2.0
// `pipit man` and `pipit completion`: manual pages and what shells complete, made of the very
// definitions that --help shows.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "pipit/planned_cpu.h"
#include "tools/commands.h"
#include "tools/failure.h"
#include "tools/help.h"
#include "tools/io.h"

namespace pipit::tools {
namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& pipit) {
  return pipit.get_subcommands([](const CLI::App*) { return true; });
}

bool takes_value(const CLI::Option& option) { return option.get_expected_min() > 0; }

// ---- manual pages

// As roff shows it: no dash is a hyphen, and no line a request.
std::string roff(const std::string& text) {
  std::string result;
  bool begins = true;
  for (const char c : text) {
    if (begins && (c == '.' || c == '\'')) result += "\\&";
    begins = c == '\n';
    if (c == '\\') {
      result += "\\e";
    } else if (c == '-') {
      result += "\\-";
    } else {
      result += c;
    }
  }
  return result;
}

std::string option_entry(const CLI::Option& option) {
  std::string names;
  for (const std::string& name : option.get_snames()) names += (names.empty() ? "-" : ", -") + name;
  for (const std::string& name : option.get_lnames()) {
    names += (names.empty() ? "--" : ", --") + name;
  }
  const std::string type = takes_value(option) ? option.get_type_name() : "";
  return ".TP\n.B " + roff(names) + (type.empty() ? "" : " \\fI" + roff(type) + "\\fR") + "\n" +
         roff(option.get_description()) + "\n";
}

std::string options_section(const CLI::App& app) {
  std::string arguments, options;
  for (const CLI::Option* option : app.get_options()) {
    if (option->nonpositional()) {
      options += option_entry(*option);
    } else {
      arguments +=
          ".TP\n.I " + roff(option->get_name(true)) + "\n" + roff(option->get_description()) + "\n";
    }
  }
  return (arguments.empty() ? "" : ".SH ARGUMENTS\n" + arguments) + ".SH OPTIONS\n" + options;
}

std::string synopsis(const CLI::App& app, const std::string& name) {
  std::string text = ".SH SYNOPSIS\n.B " + roff(name) + "\n[OPTIONS]";
  if (app.get_parent() == nullptr) return text + " COMMAND\n";
  for (const CLI::Option* option : app.get_options()) {
    if (option->nonpositional()) continue;
    const std::string more = option->get_expected_max() > 1 ? "..." : "";
    text += " " + (option->get_required() ? roff(option->get_name(true)) + more
                                          : "[" + roff(option->get_name(true)) + more + "]");
  }
  return text + "\n";
}

std::string man_page(const CLI::App& pipit, const CLI::App& app) {
  const bool whole = &app == &pipit;
  const std::string name = whole ? "pipit" : "pipit-" + app.get_name();
  std::string title = name;
  std::transform(title.begin(), title.end(), title.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  std::string text = ".TH " + roff(title) +
                     " 1 \"\" \"pipit " PIPIT_VERSION "\" \"User Commands\"\n.SH NAME\n" +
                     roff(name) + " \\- " + roff(app.get_description()) + "\n" +
                     synopsis(app, whole ? "pipit" : "pipit " + app.get_name());
  if (whole) {
    text += ".SH COMMANDS\n";
    for (const CLI::App* sub : commands_of(pipit)) {
      text += ".TP\n.BR pipit\\-" + roff(sub->get_name()) + " (1)\n" +
              roff(sub->get_description()) + "\n";
    }
  }
  text += options_section(app) + ".SH DESCRIPTION\n.nf\n" + roff(reflowed(app.get_footer())) +
          "\n.fi\n";
  return text + (whole ? "" : ".SH SEE ALSO\n.BR pipit (1)\n");
}

// ---- completion

std::vector<std::string> values_of(const std::string& option) {
  if (option == "--isa") return {"portable", "neon", "dotprod", "i8mm"};
  if (option == "--bands") return {"auto", "never", "all"};
  if (option != "--cpu") return {};
  std::vector<std::string> names = {"any"};
  for (const NamedCpu& cpu : named_cpus()) names.push_back(cpu.name);
  return names;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string bash_completion(const CLI::App& pipit) {
  std::string cases;
  for (const CLI::App* sub : commands_of(pipit)) {
    cases += "    " + sub->get_name() + ") words='" + joined(option_names(*sub)) + "' ;;\n";
  }
  std::string values;
  for (const std::string option : {"--isa", "--bands", "--cpu"}) {
    values += "    " + option + ") COMPREPLY=($(compgen -W '" + joined(values_of(option)) +
              "' -- \"$word\")); return ;;\n";
  }
  return "# bash completion for pipit; made by `pipit completion bash`\n"
         "_pipit() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} words='" +
         joined(option_names(pipit)) + "' first=${COMP_WORDS[1]}\n" +
         "  if ((COMP_CWORD == 1)); then\n"
         "    COMPREPLY=($(compgen -W '" +
         joined(command_names(pipit)) +
         "'\" $words\" -- \"$word\"))\n"
         "    return\n"
         "  fi\n"
         "  case ${COMP_WORDS[COMP_CWORD - 1]} in\n" +
         values +
         "  esac\n"
         "  case $first in\n" +
         cases +
         "  esac\n"
         "  case $word in\n"
         "    -*) COMPREPLY=($(compgen -W \"$words\" -- \"$word\")) ;;\n"
         "    *) compopt -o filenames; COMPREPLY=($(compgen -f -- \"$word\")) ;;\n"
         "  esac\n"
         "}\n"
         "complete -F _pipit pipit\n";
}

// Text between single quotation marks, of shells that know no escape there.
std::string quoted(const std::string& text, const std::string& mark) {
  std::string result;
  for (const char c : text) result += c == '\'' ? mark : std::string(1, c);
  return "'" + result + "'";
}

std::string fish_completion(const CLI::App& pipit) {
  std::string text = "# fish completion for pipit; made by `pipit completion fish`\n";
  for (const CLI::App* sub : commands_of(pipit)) {
    text += "complete -c pipit -n __fish_use_subcommand -f -a " + sub->get_name() + " -d " +
            quoted(sub->get_description(), "\\'") + "\n";
    for (const CLI::Option* option : sub->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        const std::vector<std::string> values = values_of("--" + name);
        text += "complete -c pipit -n '__fish_seen_subcommand_from " + sub->get_name() + "' -l " +
                name + (takes_value(*option) ? " -r" : "") +
                (values.empty() ? "" : " -f -a '" + joined(values) + "'") + " -d " +
                quoted(option->get_description(), "\\'") + "\n";
      }
    }
  }
  return text;
}

// An option's text, in which brackets and colons would mean something.
std::string zsh_text(const std::string& text) {
  std::string result;
  for (const char c : text) result += std::string(c == '[' || c == ']' || c == ':' ? "\\" : "") + c;
  return result;
}

std::string zsh_option(const CLI::Option& option, const std::string& name) {
  const std::vector<std::string> values = values_of("--" + name);
  const std::string action =
      !takes_value(option) ? ""
      : values.empty()     ? ":" + zsh_text(option.get_type_name()) + ":_files"
                           : ":" + zsh_text(option.get_type_name()) + ":(" + joined(values) + ")";
  return " \\\n        " +
         quoted("*--" + name + "[" + zsh_text(option.get_description()) + "]" + action, "'\\''");
}

std::string zsh_completion(const CLI::App& pipit) {
  std::string commands, cases;
  for (const CLI::App* sub : commands_of(pipit)) {
    commands +=
        "    " + quoted(sub->get_name() + ":" + zsh_text(sub->get_description()), "'\\''") + "\n";
    cases += "    " + sub->get_name() + ")\n      _arguments";
    for (const CLI::Option* option : sub->get_options()) {
      for (const std::string& name : option->get_lnames()) cases += zsh_option(*option, name);
    }
    cases += " \\\n        '*:file:_files' ;;\n";
  }
  return "#compdef pipit\n# zsh completion for pipit; made by `pipit completion zsh`\n"
         "_pipit() {\n  local -a commands=(\n" +
         commands +
         "  )\n"
         "  if ((CURRENT == 2)); then\n    _describe command commands\n    return\n  fi\n"
         "  shift words\n  ((CURRENT--))\n"
         "  case $words[1] in\n" +
         cases + "  esac\n}\n_pipit \"$@\"\n";
}

void print_page(const CLI::App& pipit, const std::string& name) {
  if (name.empty() || name == "pipit") return print(man_page(pipit, pipit));
  for (const CLI::App* sub : commands_of(pipit)) {
    if (sub->get_name() == name) return print(man_page(pipit, *sub));
  }
  const std::string meant = nearest(name, command_names(pipit));
  throw Failure(kUsage, "there is no command '" + name + "'" +
                            (meant.empty() ? "" : "; did you mean " + meant + "?"));
}

void print_completion(const CLI::App& pipit, const std::string& shell) {
  if (shell == "bash") return print(bash_completion(pipit));
  if (shell == "zsh") return print(zsh_completion(pipit));
  if (shell == "fish") return print(fish_completion(pipit));
  throw Failure(kUsage, "completion for '" + shell + "': there is bash, zsh and fish");
}

}  // namespace

void add_man(CLI::App& pipit) {
  auto name = std::make_shared<std::string>();
  CLI::App* man = pipit.add_subcommand("man", "Prints a manual page");
  man->add_option("COMMAND", *name, "Of this command; pipit's own without it")->type_name("");
  man->footer("Example:\n  pipit man run | man -l -");
  man->callback([name, &pipit] { print_page(pipit, *name); });
  auto shell = std::make_shared<std::string>();
  CLI::App* completion = pipit.add_subcommand("completion", "Prints what a shell completes");
  completion->add_option("SHELL", *shell, "bash, zsh or fish")->required()->type_name("");
  completion->footer("Example:\n  eval \"$(pipit completion bash)\"");
  completion->callback([shell, &pipit] { print_completion(pipit, *shell); });
}

}  // namespace pipit::tools
