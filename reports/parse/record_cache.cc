/// Recognises records by their octets.
#include "reports/parse/record_cache.h"

#include "reports/parse/parse_values.h"

namespace rampart::reports {
namespace {

constexpr std::string_view kIp = "<source_ip>";
constexpr std::string_view kCount = "<count>";

/// The size of all keys above which the cache is cleared.
constexpr std::size_t kMostOctets = 1 << 20;

/// The text from `from` to the next tag.
std::string_view text_at(std::string_view octets, std::size_t from) {
  return octets.substr(from, octets.find('<', from) - from);
}

}  // namespace

/// The first `<source_ip>` and the first `<count>` after it. Whether they are the record's only
/// ones is checked when it enters the cache (is_plain_record): equal surroundings then imply the
/// same.
std::optional<SplitRecord> split_record(std::string_view octets) {
  const std::size_t ip_mark = octets.find(kIp);
  if (ip_mark == octets.npos) return std::nullopt;
  const std::size_t ip_at = ip_mark + kIp.size();
  const std::string_view ip = text_at(octets, ip_at);
  const std::size_t count_mark = octets.find(kCount, ip_at + ip.size());
  if (count_mark == octets.npos) return std::nullopt;
  const std::size_t count_at = count_mark + kCount.size();
  const std::string_view count = text_at(octets, count_at);
  // By the functions that the assembler uses, so that a cached record gives the row that parsing it
  // would give.
  const auto address = spf::Ip::parse(ip);
  const auto number = parse_count(count);
  if (!address || !number) return std::nullopt;
  const std::size_t ip_end = ip_at + ip.size();
  return SplitRecord{*address, *number, octets.substr(0, ip_at),
                     octets.substr(ip_end, count_at - ip_end),
                     octets.substr(count_at + count.size())};
}

bool is_plain_record(const SplitRecord& record) {
  for (const std::string_view part : {record.before, record.between, record.after}) {
    bool in_tag = false;
    for (const char c : part) {
      if (c == '<') in_tag = true;
      if (c == '>') in_tag = false;
      // A comment or an attribute may contain anything, also text that looks like another tag.
      if (in_tag && (c == '!' || c == '?' || c == ':' || c == '=')) return false;
    }
  }
  return record.between.find(kIp) == record.between.npos &&
         record.after.find(kIp) == record.after.npos &&
         record.after.find(kCount) == record.after.npos &&
         record.before.find(kCount) == record.before.npos;
}

void RecordCache::make_key(const SplitRecord& record) {
  key_.assign(record.before);
  // A separator that the decoder removes from all text.
  key_ += '\x01';
  key_ += record.between;
  key_ += '\x01';
  key_ += record.after;
}

std::optional<Row> RecordCache::find(const SplitRecord& record) {
  make_key(record);
  const auto found = known_.find(key_);
  if (found == known_.end()) return std::nullopt;
  return Row{record.ip, record.count, found->second.results, found->second.id};
}

void RecordCache::insert(const SplitRecord& record, Row& row) {
  make_key(record);
  if (octets_ > kMostOctets) {
    known_.clear();
    octets_ = 0;
  }
  row.results_id = ++last_id_;
  if (known_.insert_or_assign(key_, Known{row.results, row.results_id}).second)
    octets_ += key_.size();
}

}  // namespace rampart::reports
