/// Hashes reports.
#include "reports/identity.h"

namespace rampart::reports {
namespace {

/// One call of the hash function costs more than hashing a row, so rows are collected.
constexpr std::size_t kHashedAtOnce = 16 << 10;

}  // namespace

void IdentityHash::add(const PackedRow& row, const std::string& facts) {
  // The address's octets have no separator: the text form of facts begins with a digit, and the
  // identity only has to be equal for equal rows.
  text_.append(reinterpret_cast<const char*>(row.ip.octets.data()), row.ip.v6 ? 16 : 4);
  text_ += std::to_string(row.count);
  text_ += '\n';
  text_ += facts;
  text_ += '\n';
  if (text_.size() >= kHashedAtOnce) hash_text();
}

void IdentityHash::clear() {
  text_.clear();
  records_.reset();
}

/// The domain is the one that the reporter wrote: stores of older versions have such identities.
std::string IdentityHash::finish(const Header& header) {
  hash_text();
  Sha256 all;
  for (const std::string& part :
       {header.org.empty() ? header.email : header.org, header.written_domain, header.id}) {
    all.add(part);
    // A separator, so that the end of one text cannot be moved to the beginning of the next.
    all.add(std::string_view("\0", 1));
  }
  all.add(std::to_string(header.begin->time_since_epoch().count()) + "-");
  all.add(std::to_string(header.end->time_since_epoch().count()) + "\n");
  all.add(records_->finish());
  records_.reset();
  return all.finish().substr(0, 16);
}

void IdentityHash::hash_text() {
  if (!records_) records_.emplace();
  records_->add(text_);
  text_.clear();
}

}  // namespace rampart::reports
