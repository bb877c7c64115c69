/// Assembles reports; unknown values are read leniently, but a row must have an address and a
/// count.
#include "reports/parse/assemble.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "reports/parse/parse_values.h"

namespace rampart::reports {
namespace {

/// RFC 9990 section 3.1.1.12 permits 100 signatures per row; more are dropped.
constexpr std::size_t kMostResults = 100;
constexpr std::size_t kMostOverrides = 20;
constexpr std::size_t kMostErrors = 20;

/// In lower case and without a final dot.
std::string lower_text(std::string_view text) {
  while (text.ends_with('.')) text.remove_suffix(1);
  return ascii_lower(text);
}

/// Domains are compared as text, so U-labels become A-labels (RFC 5891 section 4.4). What is no
/// domain is kept as it is.
std::string domain_text(std::string_view text) {
  std::string lower = lower_text(text);
  if (std::ranges::all_of(lower, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) {
    return lower;
  }
  const Result<Name> name = Name::parse(lower);
  return name ? name->text() : lower;
}

dmarc::Alignment alignment(std::string_view text) {
  const std::string word = ascii_lower(text);
  // Everything unknown is relaxed, the default of RFC 7489 section 6.3: strict mode would turn
  // passing mail into failing mail.
  return word == "s" || word == "strict" ? dmarc::Alignment::Strict : dmarc::Alignment::Relaxed;
}

std::optional<dmarc::Policy> policy(std::string_view text) {
  return dmarc::parse_policy(lower_text(text));
}

/// Limits a list without losing count of it: one entry more than `most` is kept until the record
/// ends, so that texts after the limit have an entry to go to.
template <class Entry>
void add_entry(std::vector<Entry>& list, std::size_t most) {
  if (list.size() <= most) list.emplace_back();
}

template <class Entry>
void limit(std::vector<Entry>& list, std::size_t most) {
  if (list.size() > most) list.resize(most);
}

Error in_record(std::int64_t number, std::string what) {
  return Error{std::move(what), fmt::format("record {}", number)};
}

}  // namespace

Result<Ok> Assembler::open(Element element) {
  switch (element) {
    case Element::Record:
      // Rows are reused from batch to batch, because a report may have a million of them.
      if (used_ == rows_.size()) rows_.emplace_back();
      row() = Row{};
      results_ = RecordResults{};
      in_record_ = true;
      has_ip_ = has_count_ = false;
      bad_ip_.reset();
      ++records_;
      break;
    case Element::PolicyPublished:
      // Rows that are stored already belong to the first one: with a second policy, nobody can know
      // which is meant.
      if (has_policy_) return Error{"it has two policy_published"};
      has_policy_ = true;
      break;
    case Element::Dkim:
      add_entry(results_.dkim, kMostResults);
      break;
    case Element::Spf:
      add_entry(results_.spf, kMostResults);
      break;
    case Element::Reason:
      add_entry(results_.overrides, kMostOverrides);
      break;
    default:
      break;
  }
  return Ok{};
}

Result<Ok> Assembler::close(Element element) {
  return element == Element::Record ? finish_row() : Ok{};
}

Result<Ok> Assembler::text(Element element, std::string_view text) {
  return in_record_ ? text_of_row(element, text) : text_of_header(element, text);
}

Result<Ok> Assembler::text_of_header(Element element, std::string_view text) {
  switch (element) {
    case Element::Version:
      header_.version = text;
      break;
    case Element::OrgName:
      header_.org = text;
      break;
    case Element::Email:
      header_.email = text;
      break;
    case Element::Contact:
      header_.contact = text;
      break;
    case Element::ReportId:
      header_.id = text;
      break;
    case Element::Generator:
      header_.generator = text;
      break;
    case Element::Problem:
      if (header_.errors.size() < kMostErrors && !text.empty()) header_.errors.emplace_back(text);
      break;
    case Element::Begin:
    case Element::End: {
      auto& time = element == Element::Begin ? header_.begin : header_.end;
      // A report without a usable range belongs to no day, so it is refused as a whole.
      time = parse_moment(text);
      if (!time) return Error{fmt::format("date_range: \"{:.60}\" is not a date", text)};
      break;
    }
    case Element::Domain:
      // The written form is kept too: the identity of a report that an older version stored was
      // computed from it.
      header_.domain = domain_text(text);
      header_.written_domain = lower_text(text);
      break;
    case Element::Adkim:
      header_.adkim = alignment(text);
      break;
    case Element::Aspf:
      header_.aspf = alignment(text);
      break;
    case Element::P:
      header_.p = policy(text);
      break;
    // An empty or unknown sp or np counts as absent, not as "none" (RFC 9989 section 4.7).
    case Element::Sp:
      header_.sp = policy(text);
      break;
    case Element::Np:
      header_.np = policy(text);
      break;
    case Element::Pct:
      // RFC 9990 has no pct. An impossible value is dropped, and not the whole report.
      if (const auto pct = parse_count(text); pct && *pct <= 100) {
        header_.pct = static_cast<int>(*pct);
      }
      break;
    case Element::Testing:
      if (!text.empty()) header_.testing = ascii_lower(text) == "y";
      break;
    case Element::Discovery:
      header_.discovery = text;
      break;
    default:
      break;
  }
  return Ok{};
}

Result<Ok> Assembler::text_of_row(Element element, std::string_view text) {
  switch (element) {
    case Element::SourceIp: {
      const auto ip = spf::Ip::parse(text);
      if (has_ip_) return in_record(records_, "it has two source_ip");
      has_ip_ = true;
      if (ip) {
        row().ip = *ip;
      } else {
        bad_ip_.emplace(text);
      }
      break;
    }
    case Element::Count: {
      const auto count = parse_count(text);
      if (!count) {
        return in_record(records_, fmt::format("\"{:.60}\" is not a count of messages", text));
      }
      // Neither the first nor the sum is certain, and gates count messages.
      if (has_count_) return in_record(records_, "it has two counts");
      row().count = *count;
      has_count_ = true;
      break;
    }
    default:
      text_of_results(element, text);
      break;
  }
  return Ok{};
}

void Assembler::text_of_results(Element element, std::string_view text) {
  switch (element) {
    case Element::Disposition:
      results_.disposition = parse_disposition(text);
      break;
    case Element::DkimVerdict:
      results_.dkim_evaluated = parse_evaluated(text);
      break;
    case Element::SpfVerdict:
      results_.spf_evaluated = parse_evaluated(text);
      break;
    case Element::ReasonType:
      // Elements of a list have an entry: `open` added it before any text of it can arrive.
      results_.overrides.back().type = ascii_lower(text);
      break;
    case Element::ReasonComment:
      results_.overrides.back().comment = text;
      break;
    case Element::HeaderFrom:
      results_.header_from = domain_text(text);
      break;
    case Element::EnvelopeFrom:
      results_.envelope_from = domain_text(text);
      break;
    case Element::EnvelopeTo:
      results_.envelope_to = domain_text(text);
      break;
    case Element::DkimDomain:
      results_.dkim.back().domain = domain_text(text);
      break;
    case Element::DkimSelector:
      // Selectors are DNS labels, so case does not matter (RFC 6376 section 3.1).
      results_.dkim.back().selector = lower_text(text);
      break;
    case Element::DkimResult:
      results_.dkim.back().result = parse_auth_result(text);
      break;
    case Element::SpfDomain:
      results_.spf.back().domain = domain_text(text);
      break;
    case Element::SpfScope:
      // RFC 7489 reports have no scope in old versions, and RFC 9990 permits mfrom alone: absent
      // means MAIL FROM.
      results_.spf.back().helo = ascii_lower(text) == "helo";
      break;
    case Element::SpfResult:
      results_.spf.back().result = parse_auth_result(text);
      break;
    default:
      break;
  }
}

/// One address that is none says nothing about the other records, so only its own is left out. A
/// count that is none may hide any number of messages, and refuses the report.
void Assembler::skip_record(std::string why) {
  if (header_.skipped_records++ == 0) {
    header_.first_skipped = sentence(in_record(records_, std::move(why)));
  }
}

Result<Ok> Assembler::finish_row() {
  in_record_ = false;
  // A report about a day without mail: some reporters write one record with an empty address.
  const bool nameless = !has_ip_ || (bad_ip_ && bad_ip_->empty());
  if (nameless && has_count_ && row().count == 0) return Ok{};
  if (!has_ip_) return in_record(records_, "it has no source_ip");
  if (!has_count_) return in_record(records_, "it has no count");
  if (bad_ip_) {
    skip_record(fmt::format("\"{:.60}\" is not an IP address", *bad_ip_));
    return Ok{};
  }
  // Old reporters write an empty element where there was no signature or SPF record.
  std::erase_if(results_.dkim, [](const DkimAuth& one) { return one.domain.empty(); });
  std::erase_if(results_.spf, [](const SpfAuth& one) { return one.domain.empty(); });
  limit(results_.dkim, kMostResults);
  limit(results_.spf, kMostResults);
  limit(results_.overrides, kMostOverrides);
  // Shared, because the cache and all later rows with the same octets use these results.
  row().results = std::make_shared<const RecordResults>(std::move(results_));
  return end_row();
}

/// A row from the cache: it was complete when it was parsed, so nothing is checked again.
Result<Ok> Assembler::add(const Row& row) {
  if (used_ == rows_.size()) rows_.emplace_back();
  rows_[used_] = row;
  ++records_;
  return end_row();
}

Result<Ok> Assembler::end_row() {
  last_ = used_++;
  return used_ == kBatch ? flush() : Ok{};
}

/// Hands the batch to the handler. The header is checked first: rows are stored under it, and every
/// reporter writes it before the records.
Result<Ok> Assembler::flush() {
  if (used_ == 0) return Ok{};
  TRY_OK(check_header());
  const std::span<const Row> rows(rows_.data(), used_);
  // Before the call: if the handler fails, `finish` must not hand over the same rows again.
  used_ = 0;
  return handlers_.rows ? handlers_.rows(header_, rows) : Ok{};
}

Result<Ok> Assembler::check_header() const {
  // One of both is enough: RFC 9990 requires both, but some reporters omit org_name.
  if (header_.org.empty() && header_.email.empty())
    return Error{"it has neither org_name nor email"};
  if (header_.id.empty()) return Error{"it has no report_id"};
  if (!header_.begin || !header_.end) return Error{"it has no date_range"};
  if (*header_.end < *header_.begin) return Error{"its date_range ends before it begins"};
  if (header_.domain.empty()) return Error{"policy_published names no domain"};
  // Rows are stored under the domain, and only a name can be requested.
  if (!Name::parse(header_.domain)) {
    return Error{fmt::format("policy_published: \"{:.60}\" is not a domain", header_.domain)};
  }
  return Ok{};
}

Result<Ok> Assembler::finish() {
  TRY_OK(check_header());
  // A report without records has no mail. Storing it would make old evidence look fresh.
  if (records_ == 0) return Error{"it has no records"};
  if (records_ == header_.skipped_records) return Error{header_.first_skipped};
  TRY_OK(flush());
  return handlers_.report ? handlers_.report(header_) : Ok{};
}

}  // namespace rampart::reports
