/// Records recognised by their octets.
#include "reports/parse/record_cache.h"

#include "reports/parse/parse_values.h"

namespace rampart::reports {
namespace {

constexpr std::string_view kIp = "<source_ip>";
constexpr std::string_view kCount = "<count>";

/// What all shapes may take.
constexpr std::size_t kMostOctets = 1 << 20;

/// The text from `from` to the next mark.
std::string_view text_at(std::string_view octets, std::size_t from) {
  return octets.substr(from, octets.find('<', from) - from);
}

}  // namespace

std::optional<SplitRecord> cut_record(std::string_view octets) {
  const std::size_t ip_mark = octets.find(kIp);
  if (ip_mark == octets.npos) return std::nullopt;
  const std::size_t ip_at = ip_mark + kIp.size();
  const std::string_view ip = text_at(octets, ip_at);
  const std::size_t count_mark = octets.find(kCount, ip_at + ip.size());
  if (count_mark == octets.npos) return std::nullopt;
  const std::size_t count_at = count_mark + kCount.size();
  const std::string_view count = text_at(octets, count_at);
  const auto address = spf::Ip::parse(ip);
  const auto number = parse_count(count);
  if (!address || !number) return std::nullopt;
  const std::size_t ip_end = ip_at + ip.size();
  return SplitRecord{*address, *number, octets.substr(0, ip_at),
                     octets.substr(ip_end, count_at - ip_end),
                     octets.substr(count_at + count.size())};
}

bool is_plain_record(const SplitRecord& record) {
  for (const std::string_view part : {record.before, record.between, record.behind}) {
    bool in_tag = false;
    for (const char c : part) {
      if (c == '<') in_tag = true;
      if (c == '>') in_tag = false;
      if (in_tag && (c == '!' || c == '?' || c == ':' || c == '=')) return false;
    }
  }
  return record.between.find(kIp) == record.between.npos &&
         record.behind.find(kIp) == record.behind.npos &&
         record.behind.find(kCount) == record.behind.npos &&
         record.before.find(kCount) == record.before.npos;
}

void RecordCache::make_key(const SplitRecord& record) {
  key_.assign(record.before);
  // No text that was decoded holds this octet.
  key_ += '\x01';
  key_ += record.between;
  key_ += '\x01';
  key_ += record.behind;
}

std::optional<Row> RecordCache::find(const SplitRecord& record) {
  make_key(record);
  const auto found = known_.find(key_);
  if (found == known_.end()) return std::nullopt;
  return Row{record.ip, record.count, found->second.results, found->second.number};
}

void RecordCache::insert(const SplitRecord& record, Row& row) {
  make_key(record);
  if (octets_ > kMostOctets) {
    known_.clear();
    octets_ = 0;
  }
  row.shape = ++last_number_;
  if (known_.insert_or_assign(key_, Known{row.results, row.shape}).second) octets_ += key_.size();
}

}  // namespace rampart::reports
