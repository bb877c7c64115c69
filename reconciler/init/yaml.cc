/// A draft as YAML, in the form that people would write.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

#include "dns/txt.h"
#include "reconciler/init/draft.h"

namespace rampart {
namespace {

constexpr std::size_t kColumns = 98;

bool is_safe(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-' ||
         c == '@' || c == '/';
}

/// Plain where nobody could take it for a number, a date or a word of YAML's own; else quoted.
std::string scalar(const std::string& text) {
  const bool letters = std::ranges::all_of(text, is_safe) && !text.empty() &&
                       std::isalpha(static_cast<unsigned char>(text.front())) != 0;
  static constexpr std::string_view kWords[] = {"true", "false", "null", "yes", "no",
                                                "on",   "off",   "y",    "n",   "e"};
  std::string low = text;
  std::ranges::transform(low, low.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (letters && std::ranges::find(kWords, low) == std::end(kWords)) return text;
  std::string out = "\"";
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += '\\';
    if (octet < 0x20 || octet == 0x7F) {
      out += fmt::format("\\x{:02X}", octet);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string quoted(const std::string& text) {
  const std::string plain = scalar(text);
  return plain.starts_with('"') ? plain : "\"" + plain + "\"";
}

/// `mailto:a@example.com` reads well without quotes.
std::string uri(const std::string& text) {
  const bool plain = text.starts_with("mailto:") && std::ranges::all_of(text.substr(7), is_safe);
  return plain ? text : quoted(text);
}

template <class Print>
std::string flow(const std::vector<std::string>& items, Print print) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : ", ") + print(item);
  return "[" + text + "]";
}

/// `{a: b, c: d}`.
class TrafficGroupMap {
 public:
  void add(std::string_view key, const std::string& value) {
    text_ += fmt::format("{}{}: {}", text_.empty() ? "" : ", ", key, value);
  }
  bool empty() const { return text_.empty(); }
  std::string text() const { return "{" + text_ + "}"; }

 private:
  std::string text_;
};

std::string_view word_of(dmarc::Alignment alignment) {
  return alignment == dmarc::Alignment::Strict ? "s" : "r";
}

void add_tags(const DmarcSpec& spec, bool with_rua, TrafficGroupMap& map) {
  if (with_rua && !spec.rua.empty()) map.add("rua", flow(spec.rua, uri));
  if (!spec.ruf.empty()) map.add("ruf", flow(spec.ruf, uri));
  if (spec.sp) map.add("sp", std::string(dmarc::to_text(*spec.sp)));
  if (spec.np) map.add("np", std::string(dmarc::to_text(*spec.np)));
  if (spec.adkim) map.add("adkim", std::string(word_of(*spec.adkim)));
  if (spec.aspf) map.add("aspf", std::string(word_of(*spec.aspf)));
  if (spec.fo) map.add("fo", quoted(*spec.fo));
  if (spec.psd) map.add("psd", quoted(std::string(1, *spec.psd)));
}

/// Writes a draft line by line.
class Writer {
 public:
  explicit Writer(const Draft& draft) : draft_(draft), rua_(common_rua()) {}

  std::vector<DraftLine> write();

 private:
  std::vector<std::string> common_rua() const;
  void say(std::string text) { lines_.push_back({std::move(text), {}}); }
  void say(std::string text, const DraftDomain& domain, DraftPart part, std::string key = "") {
    lines_.push_back({std::move(text), {DraftPlace{domain.name, part, std::move(key)}}});
  }
  void comment(std::size_t indent, const std::string& sentence);
  void write_head();
  void write_rua();
  void write_ramp();
  void write_domain(const DraftDomain& domain);
  void write_parked(const DraftDomain& domain);
  void write_spf(const DraftDomain& domain);
  void write_selectors(const DraftDomain& domain);
  void write_dmarc(const DraftDomain& domain);
  void write_transport(const DraftDomain& domain);

  const Draft& draft_;
  std::vector<std::string> rua_;  ///< Of all domains, where there are several of one mind.
  std::vector<DraftLine> lines_;
};

std::vector<std::string> Writer::common_rua() const {
  std::vector<std::string> common;
  int count = 0;
  for (const DraftDomain& domain : draft_.domains) {
    if (domain.discovery || !domain.dmarc) continue;
    if (count > 0 && domain.dmarc->rua != common) return {};
    common = domain.dmarc->rua;
    ++count;
  }
  return count > 1 ? common : std::vector<std::string>();
}

void Writer::comment(std::size_t indent, const std::string& sentence) {
  const std::string lead = std::string(indent, ' ') + "#";
  std::string line = lead;
  std::string text = printable(sentence);
  std::ranges::replace(text, '\n', ' ');
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    if (line.size() + 1 + word.size() > kColumns && line != lead) {
      say(line);
      line = lead;
    }
    line += " " + word;
    at = end + 1;
  }
  say(line);
}

void Writer::write_head() {
  say("# yaml-language-server: $schema=./rampart.schema.json");
  say("# What stands today: the plan of this file changes nothing.");
  say("version: 1");
  say("");
  if (!draft_.provider_note.empty()) comment(0, draft_.provider_note);
  TrafficGroupMap settings;
  settings.add("type", draft_.provider.type);
  for (const auto& [key, value] : draft_.provider.settings) settings.add(key, scalar(value));
  say("providers:");
  say(fmt::format("  {}: {}", draft_.provider.name, settings.text()));
  write_ramp();
  say("");
  say("defaults:");
  say("  provider: " + draft_.provider.name);
  write_rua();
  say("");
  say(std::ranges::all_of(draft_.domains, &DraftDomain::omitted) ? "domains: {}" : "domains:");
}

void Writer::write_rua() {
  if (rua_.empty()) return;
  DraftLine line{fmt::format("  dmarc: {{rua: {}}}", flow(rua_, uri)), {}};
  for (const DraftDomain& domain : draft_.domains) {
    if (!domain.discovery && domain.dmarc) {
      line.places.push_back({domain.name, DraftPart::Dmarc, ""});
    }
  }
  lines_.push_back(std::move(line));
}

/// The standard ladder without `t=y`, for domains whose share stands in pct alone.
void Writer::write_ramp() {
  if (std::ranges::none_of(draft_.domains, &DraftDomain::legacy)) return;
  say("");
  comment(0, "Receivers of RFC 9989 ignore pct and enforce fully: see `mode: compat`.");
  say("ramps:");
  say("  legacy:");
  say("    mode: legacy");
  say("    steps:");
  say("      - {phase: monitor, hold: 30d}");
  say("      - {phase: quarantine, pct: 10, hold: 14d}");
  say("      - {phase: quarantine, pct: 50, hold: 14d}");
  say("      - {phase: quarantine, pct: 100, hold: 30d}");
  say("      - {phase: reject, pct: 10, hold: 14d}");
  say("      - {phase: reject, pct: 50, hold: 14d}");
  say("      - {phase: reject, pct: 100}");
}

void Writer::write_spf(const DraftDomain& domain) {
  if (!domain.spf) return;
  if (!domain.senders.empty()) say("    senders:", domain, DraftPart::Spf);
  for (const DraftSender& sender : domain.senders) {
    TrafficGroupMap use;
    if (!sender.with.empty()) {
      TrafficGroupMap with;
      for (const auto& [key, value] : sender.with) with.add(key, quoted(value));
      use.add("with", with.text());
    }
    if (sender.spf == SpfUse::Always) use.add("spf", "always");
    if (sender.spf == SpfUse::Never) use.add("spf", "never");
    const std::string more = use.text();
    say(use.empty() ? "      - " + sender.id
                    : fmt::format("      - {{use: {}, {}", sender.id, more.substr(1)),
        domain, DraftPart::Sender, sender.id);
  }
  const SpfSpec& spec = *domain.spf;
  TrafficGroupMap spf;
  if (spec.all == '-') spf.add("all", "fail");
  if (spec.all == '?') spf.add("all", "neutral");
  if (!spec.extra.empty()) spf.add("extra", flow(spec.extra, quoted));
  if (spec.redirect) spf.add("redirect", quoted(*spec.redirect));
  if (spec.exp) spf.add("exp", quoted(*spec.exp));
  if (spf.empty() && domain.senders.empty()) spf.add("all", "softfail");
  if (!spf.empty()) say("    spf: " + spf.text(), domain, DraftPart::Spf);
}

void Writer::write_selectors(const DraftDomain& domain) {
  if (!domain.selectors.empty()) say("    dkim:", domain, DraftPart::Whole);
  for (const DraftSelector& one : domain.selectors) {
    TrafficGroupMap map;
    map.add("selector", scalar(one.selector));
    map.add(one.type == RecordType::TXT ? "txt" : "cname",
            one.type == RecordType::TXT ? quoted(one.value) : scalar(one.value));
    say("      - " + map.text(), domain, DraftPart::Selector, one.selector);
  }
}

void Writer::write_dmarc(const DraftDomain& domain) {
  TrafficGroupMap map;
  if (!domain.dmarc) {
    map.add("phase", "dkim");
  } else {
    map.add("phase", std::string(to_text(domain.dmarc->position.phase)));
    if (domain.dmarc->position.pct != 100)
      map.add("pct", std::to_string(domain.dmarc->position.pct));
    if (domain.legacy) map.add("ramp", "legacy");
    add_tags(*domain.dmarc, rua_.empty(), map);
  }
  say("    dmarc: " + map.text(), domain, DraftPart::Dmarc);
}

void Writer::write_transport(const DraftDomain& domain) {
  if (domain.mta_sts) {
    TrafficGroupMap map;
    map.add("mode", domain.mta_sts->mode);
    if (!domain.mta_sts->mx.empty()) map.add("mx", flow(domain.mta_sts->mx, scalar));
    const auto seconds = add(Time{}, domain.mta_sts->max_age).time_since_epoch();
    const auto days = std::chrono::floor<std::chrono::days>(seconds);
    if (days.count() != 7) map.add("max_age", fmt::format("{}d", days.count()));
    if (domain.mta_sts->id) map.add("id", quoted(*domain.mta_sts->id));
    say("    mta_sts: " + map.text(), domain, DraftPart::MtaSts);
  }
  if (domain.tls_rpt) {
    say(fmt::format("    tls_rpt: {{rua: {}}}", flow(domain.tls_rpt->rua, uri)), domain,
        DraftPart::TlsRpt);
  }
  if (domain.bimi) {
    TrafficGroupMap map;
    map.add("logo", quoted(domain.bimi->logo));
    if (domain.bimi->evidence) map.add("evidence", quoted(*domain.bimi->evidence));
    say("    bimi: " + map.text(), domain, DraftPart::Bimi);
  }
}

void Writer::write_parked(const DraftDomain& domain) {
  say("    parked: true", domain, DraftPart::Parked);
  TrafficGroupMap map;
  add_tags(*domain.dmarc, rua_.empty(), map);
  if (!map.empty()) say("    dmarc: " + map.text(), domain, DraftPart::Parked);
}

void Writer::write_domain(const DraftDomain& domain) {
  if (domain.omitted) comment(2, domain.name.text() + " does not stand in this file.");
  for (const std::string& sentence : domain.notes) comment(2, sentence);
  if (domain.omitted) return;
  say(fmt::format("  {}:", scalar(domain.name.text())), domain, DraftPart::Whole);
  if (domain.discovery) {
    say("    dmarc: {phase: discovery}", domain, DraftPart::Whole);
    return;
  }
  if (domain.parked) return write_parked(domain);
  write_spf(domain);
  for (const std::string& line : domain.suggestions) comment(4, line);
  write_selectors(domain);
  write_dmarc(domain);
  write_transport(domain);
}

std::vector<DraftLine> Writer::write() {
  write_head();
  for (std::size_t index = 0; index < draft_.domains.size(); ++index) {
    if (index > 0) say("");
    write_domain(draft_.domains[index]);
  }
  return std::move(lines_);
}

}  // namespace

std::vector<DraftLine> yaml_of(const Draft& draft) { return Writer(draft).write(); }

}  // namespace rampart
