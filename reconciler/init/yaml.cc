/// Prints a draft as YAML, as people would write it.
#include <fmt/format.h>

#include <algorithm>

#include "base/counted.h"
#include "base/text.h"
#include "dns/txt.h"
#include "reconciler/init/draft.h"

namespace rampart {
namespace {

constexpr std::size_t kColumns = 98;

bool is_safe(char c) {
  return is_alpha(c) || is_digit(c) || c == '_' || c == '.' || c == '-' || c == '@' || c == '/';
}

/// Plain where no YAML reader takes it for a number, a date or a keyword; else quoted.
/// Quoted when in doubt: readers of YAML 1.1 take `no` and `1e3` for other types, and init's file
/// is read by editors too.
std::string scalar(const std::string& text) {
  const bool letters =
      !text.empty() && is_alpha(text.front()) && std::ranges::all_of(text, is_safe);
  static constexpr std::string_view kWords[] = {"true", "false", "null", "yes", "no",
                                                "on",   "off",   "y",    "n",   "e"};
  if (letters && std::ranges::find(kWords, ascii_lower(text)) == std::end(kWords)) return text;
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
/// The colon in `mailto:` is followed by no blank, so that no reader takes it for a map.
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
class FlowMap {
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

/// Writes a draft line by line, each line with the parts that it declares: an error of the YAML's
/// reader leads back to them.
class DraftWriter {
 public:
  explicit DraftWriter(const Draft& draft) : draft_(draft), rua_(common_rua()) {}

  // Blank lines between domains and none before the first, as in the examples of the documentation.
  std::vector<DraftLine> write() {
    write_head();
    for (std::size_t index = 0; index < draft_.domains.size(); ++index) {
      if (index > 0) line("");
      write_domain(draft_.domains[index]);
    }
    return std::move(lines_);
  }

 private:
  void line(std::string text) { lines_.push_back({std::move(text), {}}); }
  void line(std::string text, const DraftDomain& domain, DraftPart part, std::string key = "") {
    lines_.push_back({std::move(text), {DraftPlace{domain.name, part, std::move(key)}}});
  }

  // One rua for all domains goes to `defaults:`, as people would write it.
  std::vector<std::string> common_rua() const {
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

  // Wraps a sentence into comment lines.
  void comment(std::size_t indent, const std::string& sentence) {
    const std::string lead = std::string(indent, ' ') + "#";
    std::string current = lead;
    std::string text = printable(sentence);
    std::ranges::replace(text, '\n', ' ');
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find(' ', at), text.size());
      const std::string word = text.substr(at, end - at);
      if (current.size() + 1 + word.size() > kColumns && current != lead) {
        line(current);
        current = lead;
      }
      current += " " + word;
      at = end + 1;
    }
    line(current);
  }

  void write_head() {
    line("# yaml-language-server: $schema=./rampart.schema.json");
    const auto unread = std::ranges::count_if(draft_.domains, &DraftDomain::unread);
    if (unread == 0) {
      line("# Written from the records that exist today: a plan of this file changes nothing.");
    } else {
      line(fmt::format(
          "# Written from the records that could be read. {}: nothing of {} is managed.",
          counted(static_cast<std::size_t>(unread), "domain could not be read",
                  "domains could not be read"),
          unread == 1 ? "it" : "them"));
    }
    line("version: 1");
    line("");
    if (!draft_.provider_note.empty()) comment(0, draft_.provider_note);
    FlowMap settings;
    settings.add("type", draft_.provider.type);
    for (const auto& [key, value] : draft_.provider.settings) settings.add(key, scalar(value));
    line("providers:");
    line(fmt::format("  {}: {}", draft_.provider.name, settings.text()));
    write_ramp();
    write_ramp_choice();
    line("");
    line("defaults:");
    line("  provider: " + draft_.provider.name);
    write_rua();
    line("");
    line(std::ranges::all_of(draft_.domains, &DraftDomain::omitted) ? "domains: {}" : "domains:");
  }

  // The line declares the DMARC record of every domain that has one, so an error in it concerns
  // them all.
  void write_rua() {
    if (rua_.empty()) return;
    DraftLine rua{fmt::format("  dmarc: {{rua: {}}}", flow(rua_, uri)), {}};
    for (const DraftDomain& domain : draft_.domains) {
      if (!domain.discovery && domain.dmarc) {
        rua.places.push_back({domain.name, DraftPart::Dmarc, ""});
      }
    }
    lines_.push_back(std::move(rua));
  }

  /// The standard ramp without `t=y`, for domains whose records have pct alone.
  void write_ramp() {
    if (std::ranges::none_of(draft_.domains, &DraftDomain::legacy)) return;
    line("");
    comment(
        0,
        "Receivers that follow RFC 9989 ignore pct and apply the policy to all mail: see `mode: "
        "compat`.");
    for (const char* text :
         {"ramps:", "  legacy:", "    mode: legacy", "    steps:",
          "      - {phase: monitor, hold: 30d}", "      - {phase: quarantine, pct: 10, hold: 14d}",
          "      - {phase: quarantine, pct: 50, hold: 14d}",
          "      - {phase: quarantine, pct: 100, hold: 30d}",
          "      - {phase: reject, pct: 10, hold: 14d}",
          "      - {phase: reject, pct: 50, hold: 14d}", "      - {phase: reject, pct: 100}"}) {
      line(text);
    }
  }

  /// Whether a ramp still has steps for the domain, and whether its own is the standard one.
  static bool is_below_reject(const DraftDomain& domain) {
    if (domain.omitted || domain.discovery || domain.parked || domain.legacy) return false;
    return !domain.dmarc || domain.dmarc->position < RampPosition{Phase::Reject, 100};
  }

  /// Which of the two usual ramps to choose (RFC 9989 appendix C.5.2 removed pct).
  void write_ramp_choice() {
    if (std::ranges::none_of(draft_.domains, is_below_reject)) return;
    line("");
    comment(0,
            "Two ramps lead to reject. `standard`, the default, raises pct with t=y: receivers "
            "that follow RFC 7489 apply the policy to a growing share of failing mail. It suits "
            "domains with many or unknown senders.");
    comment(0,
            "`policy-only` publishes neither tag and stays a month at each policy, as RFC 9989 "
            "intends, which removed pct. It suits domains with few and known senders, and those "
            "that a check fails for t=y. To choose it, add `ramp: policy-only` to a `dmarc:`.");
  }

  // Softfail is the default and is only written where `spf:` would otherwise be empty.
  void write_spf(const DraftDomain& domain) {
    if (!domain.spf) return;
    if (!domain.senders.empty()) line("    senders:", domain, DraftPart::Spf);
    for (const DraftSender& sender : domain.senders) {
      FlowMap use;
      if (!sender.with.empty()) {
        FlowMap with;
        for (const auto& [key, value] : sender.with) with.add(key, quoted(value));
        use.add("with", with.text());
      }
      if (sender.spf == SpfUse::Always) use.add("spf", "always");
      if (sender.spf == SpfUse::Never) use.add("spf", "never");
      const std::string more = use.text();
      line(use.empty() ? "      - " + sender.id
                       : fmt::format("      - {{use: {}, {}", sender.id, more.substr(1)),
           domain, DraftPart::Sender, sender.id);
    }
    const SpfSpec& spec = *domain.spf;
    FlowMap spf;
    if (spec.all == '-') spf.add("all", "fail");
    if (spec.all == '?') spf.add("all", "neutral");
    if (!spec.extra.empty()) spf.add("extra", flow(spec.extra, quoted));
    if (spec.redirect) spf.add("redirect", quoted(*spec.redirect));
    if (spec.exp) spf.add("exp", quoted(*spec.exp));
    if (spf.empty() && domain.senders.empty()) spf.add("all", "softfail");
    if (!spf.empty()) line("    spf: " + spf.text(), domain, DraftPart::Spf);
  }

  // CNAMEs of named senders are missing here, since their sender produces them.
  void write_selectors(const DraftDomain& domain) {
    if (!domain.selectors.empty()) line("    dkim:", domain, DraftPart::Whole);
    for (const DraftSelector& one : domain.selectors) {
      FlowMap map;
      map.add("selector", scalar(one.selector));
      map.add(one.type == RecordType::TXT ? "txt" : "cname",
              one.type == RecordType::TXT ? quoted(one.value) : scalar(one.value));
      line("      - " + map.text(), domain, DraftPart::Selector, one.selector);
    }
  }

  // Without a DMARC record the domain is at phase dkim: monitor would create one.
  void write_dmarc(const DraftDomain& domain) {
    FlowMap map;
    if (!domain.dmarc) {
      map.add("phase", "dkim");
    } else {
      map.add("phase", std::string(to_text(domain.dmarc->position.phase)));
      if (domain.dmarc->position.pct != 100)
        map.add("pct", std::to_string(domain.dmarc->position.pct));
      if (domain.legacy) map.add("ramp", "legacy");
      add_tags(*domain.dmarc, map);
    }
    line("    dmarc: " + map.text(), domain, DraftPart::Dmarc);
  }

  // Seven days is the default of max_age and is not written.
  void write_transport(const DraftDomain& domain) {
    if (domain.mta_sts) {
      FlowMap map;
      map.add("mode", std::string(to_text(domain.mta_sts->mode)));
      if (!domain.mta_sts->mx.empty()) map.add("mx", flow(domain.mta_sts->mx, scalar));
      const auto seconds = add(Time{}, domain.mta_sts->max_age).time_since_epoch();
      const auto days = std::chrono::floor<std::chrono::days>(seconds);
      if (days.count() != 7) map.add("max_age", fmt::format("{}d", days.count()));
      if (domain.mta_sts->id) map.add("id", quoted(*domain.mta_sts->id));
      line("    mta_sts: " + map.text(), domain, DraftPart::MtaSts);
    }
    if (domain.tls_rpt) {
      line(fmt::format("    tls_rpt: {{rua: {}}}", flow(domain.tls_rpt->rua, uri)), domain,
           DraftPart::TlsRpt);
    }
    if (domain.bimi) {
      FlowMap map;
      map.add("logo", quoted(domain.bimi->logo));
      if (domain.bimi->evidence) map.add("evidence", quoted(*domain.bimi->evidence));
      line("    bimi: " + map.text(), domain, DraftPart::Bimi);
    }
  }

  void write_parked(const DraftDomain& domain) {
    line("    parked: true", domain, DraftPart::Parked);
    FlowMap map;
    add_tags(*domain.dmarc, map);
    if (!map.empty()) line("    dmarc: " + map.text(), domain, DraftPart::Parked);
  }

  // Comments come before the domain that they concern: a reader sees why something is missing
  // before looking for it.
  void write_domain(const DraftDomain& domain) {
    if (domain.omitted) comment(2, domain.name.text() + " is not in this file.");
    for (const std::string& sentence : domain.notes) comment(2, sentence);
    if (domain.omitted) return;
    line(fmt::format("  {}:", scalar(domain.name.text())), domain, DraftPart::Whole);
    if (domain.discovery) {
      line("    dmarc: {phase: discovery}", domain, DraftPart::Whole);
      return;
    }
    if (domain.parked) return write_parked(domain);
    write_spf(domain);
    for (const std::string& sentence : domain.suggestions) comment(4, sentence);
    write_selectors(domain);
    write_dmarc(domain);
    write_transport(domain);
  }

  void add_tags(const DmarcSpec& spec, FlowMap& map) const {
    if (rua_.empty() && !spec.rua.empty()) map.add("rua", flow(spec.rua, uri));
    if (!spec.ruf.empty()) map.add("ruf", flow(spec.ruf, uri));
    if (spec.sp) map.add("sp", std::string(dmarc::to_text(*spec.sp)));
    if (spec.np) map.add("np", std::string(dmarc::to_text(*spec.np)));
    if (spec.adkim) map.add("adkim", std::string(word_of(*spec.adkim)));
    if (spec.aspf) map.add("aspf", std::string(word_of(*spec.aspf)));
    if (spec.fo) map.add("fo", quoted(*spec.fo));
    if (spec.psd) map.add("psd", quoted(std::string(1, *spec.psd)));
  }

  const Draft& draft_;
  std::vector<std::string> rua_;  ///< Of all domains, if several have the same.
  std::vector<DraftLine> lines_;
};

}  // namespace

std::vector<DraftLine> yaml_of(const Draft& draft) { return DraftWriter(draft).write(); }

}  // namespace rampart
