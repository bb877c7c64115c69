/// A report from its elements' texts.
#include "reports/parse/assemble.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "reports/parse/parse_values.h"

namespace rampart::reports {
namespace {

/// RFC 9990 section 3.1.1.12 admits up to 100 signatures a row; what is beyond says nothing new.
constexpr std::size_t kMostResults = 100;
constexpr std::size_t kMostOverrides = 20;
constexpr std::size_t kMostErrors = 20;

/// Domains are compared in lower case and without a final dot.
std::string domain_text(std::string_view text) {
  while (text.ends_with('.')) text.remove_suffix(1);
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

std::string word(std::string_view text) { return domain_text(text); }

dmarc::Alignment alignment(std::string_view text) {
  return word(text) == "s" || word(text) == "strict" ? dmarc::Alignment::Strict
                                                     : dmarc::Alignment::Relaxed;
}

Error in_record(std::int64_t number, std::string what) {
  return Error{std::move(what), fmt::format("record {}", number)};
}

}  // namespace

Result<Ok> Assembler::open(Element element) {
  switch (element) {
    case Element::Record:
      if (used_ == rows_.size()) rows_.emplace_back();
      row() = Row{};
      said_ = RecordResults{};
      in_record_ = true;
      has_ip_ = has_count_ = false;
      ++records_;
      break;
    case Element::PolicyPublished:
      if (has_policy_) return Error{"it has two policy_published"};
      has_policy_ = true;
      break;
    case Element::Dkim:
      if (said_.dkim.size() <= kMostResults) said_.dkim.emplace_back();
      break;
    case Element::Spf:
      if (said_.spf.size() <= kMostResults) said_.spf.emplace_back();
      break;
    case Element::Reason:
      if (said_.overrides.size() <= kMostOverrides) said_.overrides.emplace_back();
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
      auto& place = element == Element::Begin ? header_.begin : header_.end;
      place = parse_moment(text);
      if (!place) return Error{fmt::format("date_range: \"{:.60}\" is no date", text)};
      break;
    }
    case Element::Domain:
      header_.domain = domain_text(text);
      break;
    case Element::Adkim:
      header_.adkim = alignment(text);
      break;
    case Element::Aspf:
      header_.aspf = alignment(text);
      break;
    case Element::P:
      header_.p = dmarc::parse_policy(word(text));
      break;
    // An empty or unknown sp or np is none at all, and never "none" (RFC 9989 section 4.7).
    case Element::Sp:
      header_.sp = dmarc::parse_policy(word(text));
      break;
    case Element::Np:
      header_.np = dmarc::parse_policy(word(text));
      break;
    case Element::Pct:
      if (const auto pct = parse_count(text); pct && *pct <= 100) {
        header_.pct = static_cast<int>(*pct);
      }
      break;
    case Element::Testing:
      if (!text.empty()) header_.testing = word(text) == "y";
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
      if (!ip) return in_record(records_, fmt::format("\"{:.60}\" is no address", text));
      if (has_ip_) return in_record(records_, "it has two source_ip");
      row().ip = *ip;
      has_ip_ = true;
      break;
    }
    case Element::Count: {
      const auto count = parse_count(text);
      if (!count) {
        return in_record(records_, fmt::format("\"{:.60}\" is no count of messages", text));
      }
      if (has_count_) return in_record(records_, "it has two counts");
      row().count = *count;
      has_count_ = true;
      break;
    }
    case Element::Disposition:
      said_.disposition = parse_disposition(text);
      break;
    case Element::DkimVerdict:
      said_.dkim_evaluated = parse_evaluated(text);
      break;
    case Element::SpfVerdict:
      said_.spf_evaluated = parse_evaluated(text);
      break;
    case Element::ReasonType:
      said_.overrides.back().type = word(text);
      break;
    case Element::ReasonComment:
      said_.overrides.back().comment = text;
      break;
    case Element::HeaderFrom:
      said_.header_from = domain_text(text);
      break;
    case Element::EnvelopeFrom:
      said_.envelope_from = domain_text(text);
      break;
    case Element::EnvelopeTo:
      said_.envelope_to = domain_text(text);
      break;
    case Element::DkimDomain:
      said_.dkim.back().domain = domain_text(text);
      break;
    case Element::DkimSelector:
      said_.dkim.back().selector = domain_text(text);
      break;
    case Element::DkimResult:
      said_.dkim.back().result = parse_raw(text);
      break;
    case Element::SpfDomain:
      said_.spf.back().domain = domain_text(text);
      break;
    case Element::SpfScope:
      said_.spf.back().helo = word(text) == "helo";
      break;
    case Element::SpfResult:
      said_.spf.back().result = parse_raw(text);
      break;
    default:
      break;
  }
  return Ok{};
}

Result<Ok> Assembler::finish_row() {
  in_record_ = false;
  if (!has_ip_) return in_record(records_, "it has no source_ip");
  if (!has_count_) return in_record(records_, "it has no count");
  // Old reporters write an empty element where there was no signature at all.
  std::erase_if(said_.dkim, [](const DkimAuth& one) { return one.domain.empty(); });
  std::erase_if(said_.spf, [](const SpfAuth& one) { return one.domain.empty(); });
  if (said_.dkim.size() > kMostResults) said_.dkim.resize(kMostResults);
  if (said_.spf.size() > kMostResults) said_.spf.resize(kMostResults);
  if (said_.overrides.size() > kMostOverrides) said_.overrides.resize(kMostOverrides);
  row().results = std::make_shared<const RecordResults>(std::move(said_));
  return next();
}

Result<Ok> Assembler::add(const Row& row) {
  if (used_ == rows_.size()) rows_.emplace_back();
  rows_[used_] = row;
  ++records_;
  return next();
}

Result<Ok> Assembler::next() {
  last_ = used_++;
  return used_ == kBatch ? flush() : Ok{};
}

Result<Ok> Assembler::flush() {
  if (used_ == 0) return Ok{};
  if (Result<Ok> sound = check_header(); !sound) return sound;
  const std::span<const Row> rows(rows_.data(), used_);
  used_ = 0;
  return handlers_.rows ? handlers_.rows(header_, rows) : Ok{};
}

Result<Ok> Assembler::check_header() const {
  if (header_.org.empty() && header_.email.empty()) return Error{"nobody says whose report it is"};
  if (header_.id.empty()) return Error{"it has no report_id"};
  if (!header_.begin || !header_.end) return Error{"it has no date_range"};
  if (*header_.end < *header_.begin) return Error{"its date_range ends before it begins"};
  if (header_.domain.empty()) return Error{"policy_published names no domain"};
  if (!Name::parse(header_.domain)) {
    return Error{fmt::format("policy_published: \"{:.60}\" is no domain", header_.domain)};
  }
  return Ok{};
}

Result<Ok> Assembler::finish() {
  if (Result<Ok> sound = check_header(); !sound) return sound;
  if (records_ == 0) return Error{"it has no record"};
  if (Result<Ok> flushed = flush(); !flushed) return flushed;
  return handlers_.report ? handlers_.report(header_) : Ok{};
}

}  // namespace rampart::reports
