/// Loads 10,000 domains and compares that with yaml-cpp's bare events on the same octets.
#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "reconciler/config/config.h"

namespace {

using namespace rampart;

constexpr int kDomains = 10000;
constexpr int kRounds = 5;

// Takes every event and keeps nothing.
class Bare : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override { ++events; }
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override { ++events; }
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {
    ++events;
  }
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

  long events = 0;
};

// Fourteen lines a domain, about 350 octets.
std::string many_domains() {
  std::string text =
      "version: 1\nproviders:\n  files: {type: zonefile, directory: zones}\n"
      "defaults: {provider: files, ttl: 3600}\ndomains:\n";
  for (int i = 0; i < kDomains; ++i) {
    text += fmt::format(
        "  customer-{0:05}.example:\n"
        "    senders:\n"
        "      - google_workspace\n"
        "      - {{use: mailchimp, spf: always}}\n"
        "    spf: {{all: softfail, flatten: never}}\n"
        "    dkim:\n"
        "      - selector: s2026a\n"
        "        public_key: keys/customer-{0:05}.example/s2026a.pub\n"
        "    dmarc:\n"
        "      phase: quarantine\n"
        "      pct: 10\n"
        "      since: 2026-11-01\n"
        "      rua: [mailto:dmarc@customer-{0:05}.example]\n"
        "    # renewed in autumn\n",
        i);
  }
  return text;
}

template <class Run>
double milliseconds(Run run) {
  const auto start = std::chrono::steady_clock::now();
  run();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace

int main() {
  const std::map<std::string, std::string> files = {{"domains.yaml", many_domains()}};
  fmt::print("catalogue and ramps: {:.1f} ms\n", milliseconds([] { builtin_config(); }));
  std::vector<double> bare;
  std::vector<double> load;
  for (int round = 0; round < kRounds; ++round) {
    bare.push_back(milliseconds([&] {
      std::istringstream stream(files.at("domains.yaml"));
      YAML::Parser parser(stream);
      Bare handler;
      while (parser.HandleNextDocument(handler)) {
      }
    }));
    load.push_back(milliseconds([&] {
      const auto config = load_config_from("domains.yaml", files);
      if (const auto* errors = std::get_if<std::vector<ConfigError>>(&config)) {
        fmt::print("{}", to_text(errors->front()));
      }
    }));
  }
  fmt::print("{} domains, {} octets: bare events {:.0f} ms, load {:.0f} ms, ratio {:.2f}\n",
             kDomains, files.at("domains.yaml").size(), median(bare), median(load),
             median(load) / median(bare));
  return 0;
}
