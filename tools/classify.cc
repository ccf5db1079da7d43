// SPDX-License-Identifier: Apache-2.0
// `pipit classify`: what a model sees in pictures.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "tools/commands.h"
#include "tools/describe.h"
#include "tools/failure.h"
#include "tools/format.h"
#include "tools/image/image.h"
#include "tools/io.h"
#include "tools/labels.h"
#include "tools/progress.h"
#include "tools/session.h"

namespace pipit::tools {
namespace {

constexpr char kFooter[] =
    R"(The model takes one picture [1,height,width,channels], with 3 channels (RGB) or 1 (grey), and its
first output has one value for each class. Pictures of another size are resized (bilinear).

A uint8 input gets the samples 0 to 255, an int8 input the samples minus 128, a float32 input
(sample - mean) / std. With --mean or --std, a quantized input gets that value in its own scale.
Values that do not add up to 1 are printed as scores, not as probabilities.
A list of labels has a name for each class: one of another length is refused, since a list that is
shifted by one line gives every picture a wrong name. With --any-labels it is used, with a warning.

Examples:
  pipit classify mobilenet.tflite cat.jpg dog.png --labels imagenet.txt
  pipit classify model.tflite photo.bmp --mean 0 --std 255 --top 3

Exit status: 0 done; 2 wrong usage; 3 the model is refused; 4 a picture or the labels are unreadable,
or the model does not classify pictures; 5 out of memory; 6 failed while running.)";

struct Settings {
  std::string model;
  std::vector<std::string> images;
  std::string labels;
  bool any_labels = false;
  int top = 5;
  double mean = 127.5;
  double std = 127.5;
  bool normalize = false;  // --mean or --std was given
  bool json = false;
};

struct Scores {
  std::vector<double> values;
  bool probabilities = false;
};

class Classifier {
 public:
  explicit Classifier(const Settings& settings) : set_(settings), session_(settings.model) {
    plan();
    check_model();
    if (set_.labels.empty()) return;
    labels_ = read_labels(set_.labels);
    check_labels();
  }

  void run() {
    Json list = Json::array();
    for (const std::string& path : set_.images) {
      const Scores scores = classify(path);
      if (set_.json) {
        list.push_back(result_json(path, scores));
      } else {
        print(result_text(path, scores));
      }
    }
    if (set_.json) print(dump(list));
  }

 private:
  void plan() {
    const Waiting waiting("planning");
    session_.plan({});
  }

  Failure unfit(const std::string& why) const { return {kBadInput, set_.model + ": " + why}; }

  void check_model() const {
    if (session_.inputs() != 1 || session_.outputs() < 1) {
      throw unfit("takes " + std::to_string(session_.inputs()) + " inputs and gives " +
                  std::to_string(session_.outputs()) + " outputs; a classifier takes one picture");
    }
    const Tensor& in = session_.input(0);
    if (in.constant() || in.shape.rank != 4 || in.shape[0] != 1 || in.shape[1] < 1 ||
        in.shape[2] < 1 || (in.shape[3] != 1 && in.shape[3] != 3)) {
      throw unfit("the input " + tensor_text(in) +
                  " is no picture [1,height,width,channels] with 1 or 3 channels");
    }
    const bool plain = in.type == Type::kUInt8 || in.type == Type::kInt8;
    if (in.type != Type::kFloat32 && in.type != Type::kInt16 && !plain) {
      throw unfit("the input " + tensor_text(in) + " is not float32, uint8, int8 or int16");
    }
    if (in.scale <= 0 && (in.type == Type::kInt16 || (plain && set_.normalize))) {
      throw unfit("the input " + tensor_text(in) + " has no scale");
    }
  }

  // Blank lines at the end are nobody's name.
  void check_labels() {
    const auto classes = static_cast<size_t>(session_.output(0).shape.last());
    while (labels_.size() > classes && labels_.back().empty()) labels_.pop_back();
    if (session_.output(0).shape.rank < 1 || labels_.size() == classes) return;
    const std::string line = set_.labels + ": has " + std::to_string(labels_.size()) +
                             " labels, and the model has " + std::to_string(classes) + " classes";
    if (!set_.any_labels) throw Failure(kBadInput, line + " (--any-labels uses it all the same)");
    std::fprintf(stderr, "pipit: warning: %s\n", printable(line).c_str());
  }

  Scores classify(const std::string& path) {
    const Waiting waiting("looking at a picture");
    const std::vector<uint8_t> bytes = pixels(path);
    Scores scores;
    session_.run([&] {
      session_.reset();
      session_.feed(0, bytes);
      session_.invoke();
      scores = read_scores();
    });
    return scores;
  }

  std::vector<uint8_t> pixels(const std::string& path) const {
    const Tensor& in = session_.input(0);
    Image image = read_image(path);
    if (in.shape[3] == 1) image = to_grey(image);
    image = resize(image, in.shape[2], in.shape[1]);
    std::vector<uint8_t> bytes(in.bytes);
    for (size_t i = 0; i < image.samples.size(); ++i) store(in, i, image.samples[i], bytes.data());
    return bytes;
  }

  void store(const Tensor& in, size_t i, uint8_t sample, uint8_t* to) const {
    const double real = (sample - set_.mean) / set_.std;
    switch (in.type) {
      case Type::kFloat32: {
        const auto value = static_cast<float>(real);
        std::memcpy(to + i * sizeof(value), &value, sizeof(value));
        return;
      }
      case Type::kInt16: {
        const auto value = static_cast<int16_t>(quantized(in, real, INT16_MIN, INT16_MAX));
        std::memcpy(to + i * sizeof(value), &value, sizeof(value));
        return;
      }
      case Type::kInt8:
        to[i] = static_cast<uint8_t>(set_.normalize ? quantized(in, real, INT8_MIN, INT8_MAX)
                                                    : sample - 128);
        return;
      default:
        to[i] = static_cast<uint8_t>(set_.normalize ? quantized(in, real, 0, UINT8_MAX) : sample);
    }
  }

  static int quantized(const Tensor& in, double real, int least, int most) {
    const double q = std::round(real / static_cast<double>(in.scale)) + in.zero_point;
    return std::isnan(q) ? in.zero_point
                         : static_cast<int>(std::clamp(q, double(least), double(most)));
  }

  // The first output, dequantized; its last dimension holds the classes.
  Scores read_scores() const {
    const Tensor& out = session_.output(0);
    if (!is_numeric(out.type) || out.shape.rank < 1 || out.shape.last() < 1 ||
        out.elements() != out.shape.last() || out.data == nullptr) {
      throw unfit("the output " + tensor_text(out) + " is not one value for each class");
    }
    Scores scores;
    double sum = 0, least = 0;
    for (int i = 0; i < out.elements(); ++i) {
      double value = element(out, static_cast<size_t>(i));
      if (out.scale > 0) value = (value - out.zero_point) * static_cast<double>(out.scale);
      scores.values.push_back(value);
      sum += value;
      least = std::min(least, value);
    }
    scores.probabilities = least >= 0 && std::abs(sum - 1) <= 0.05 + rounding(out);
    return scores;
  }

  // What rounding may do to the sum of an output that is quantized as SOFTMAX does it, in steps of
  // 1/256 or finer: most of a thousand small probabilities are stored as 0.
  static double rounding(const Tensor& out) {
    if (out.scale <= 0 || out.scale > 1.0f / 255) return 0;
    return out.elements() * static_cast<double>(out.scale) / 2;
  }

  // The best classes first; equal ones in the model's order, and what is no number last.
  std::vector<size_t> best(const Scores& scores) const {
    std::vector<size_t> order(scores.values.size());
    std::iota(order.begin(), order.end(), size_t{0});
    const auto rank = [&](size_t i) {
      return std::isnan(scores.values[i]) ? -INFINITY : scores.values[i];
    };
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return rank(a) > rank(b); });
    order.resize(std::min(order.size(), static_cast<size_t>(set_.top)));
    return order;
  }

  std::string label(size_t i) const {
    return i < labels_.size() && !labels_[i].empty() ? labels_[i] : std::to_string(i);
  }

  std::string result_text(const std::string& path, const Scores& scores) const {
    std::string text = printable(path) + "\n";
    int place = 0;
    for (const size_t i : best(scores)) {
      char value[400], number[16];
      std::snprintf(value, sizeof(value), "%.4f", scores.values[i]);
      std::snprintf(number, sizeof(number), "%3d. ", ++place);
      text += number + label(i) + (scores.probabilities ? "  " : "  score ") + value + "\n";
    }
    return text;
  }

  Json result_json(const std::string& path, const Scores& scores) const {
    Json classes = Json::array();
    for (const size_t i : best(scores)) {
      classes.push_back({{"index", i},
                         {"label", label(i)},
                         {scores.probabilities ? "probability" : "score", scores.values[i]}});
    }
    return {{"image", path}, {"classes", std::move(classes)}};
  }

  const Settings& set_;
  Session session_;
  std::vector<std::string> labels_;
};

}  // namespace

void add_classify(CLI::App& pipit) {
  auto set = std::make_shared<Settings>();
  CLI::App* app = pipit.add_subcommand("classify", "Says what a model sees in pictures");
  app->footer(kFooter);
  app->add_option("MODEL", set->model, "The .tflite file")->required()->type_name("");
  app->add_option("IMAGE", set->images, "Pictures: PNG, JPEG or BMP")->required()->type_name("");
  app->add_option("--labels", set->labels, "Names of the classes, one a line")->type_name("FILE");
  app->add_flag("--any-labels", set->any_labels, "Warns of a list that does not fit, and uses it");
  app->add_option("--top", set->top, "Prints the best K classes (default 5)")
      ->type_name("K")
      ->check(at_least_one());
  app->add_option("--mean", set->mean, "A float input gets (sample - M) / S (default 127.5)")
      ->type_name("M");
  app->add_option("--std", set->std, "See --mean (default 127.5)")->type_name("S");
  app->add_flag("--json", set->json, "Prints the result as JSON");
  app->callback([set, app] {
    set->normalize = app->count("--mean") != 0 || app->count("--std") != 0;
    if (!(std::abs(set->std) > 0) || !std::isfinite(set->mean) || !std::isfinite(set->std)) {
      throw Failure(kUsage, "--std must not be 0, and --mean and --std be finite");
    }
    Classifier(*set).run();
  });
}

}  // namespace pipit::tools
