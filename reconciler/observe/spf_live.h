/// SPF against the live DNS: evaluates, resolves what was unknown in one batch, and repeats.
#pragma once

#include <string>

#include "mail/spf/check_host.h"
#include "reconciler/observe/dns_session.h"

namespace rampart {

/// check_host() (RFC 7208 section 4) with its questions resolved.
spf::Verdict check_live(const spf::Client& client, DnsSession& session);

/// A domain's SPF record as it is published.
struct PublishedSpf {
  std::string text;                   ///< The record as published; empty where there is none.
  std::string problem;                ///< Not empty: why there is no usable record.
  std::optional<spf::Record> record;  ///< Set where the record can be used.
};

/// Reads the record; `problem` covers DNS failures too.
PublishedSpf published_spf(const Name& domain, DnsSession& session);

/// The record's include tree with its questions resolved.
spf::Tree tree_live(const Name& domain, const spf::Record& record, DnsSession& session);

}  // namespace rampart
