/// Rules on the names that records refer to: hosts, vendors' records, report addresses. A name that
/// does not exist is of no use; one in a domain that nobody holds can be taken by anyone.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dns/answers.h"
#include "mail/spf/check_host.h"
#include "policies/rules/fault.h"

namespace rampart::rules {

/// What DNS says of a name that a record needs.
enum class NameState {
  Unknown,       ///< A question without an answer: nothing is concluded.
  Usable,        ///< It has what the record needs.
  Empty,         ///< It exists without that.
  NullMx,        ///< It says that it receives no mail (RFC 7505).
  Missing,       ///< It does not exist; only the holder of its registered domain can create it.
  Unregistered,  ///< Nor does its registered domain, or the name that a host's customers choose.
};

/// A name, followed to the end of its CNAME chain.
struct NameReading {
  NameState state = NameState::Unknown;
  Name end;         ///< The name that is usable, empty or missing.
  Name registered;  ///< The registered domain of `end`, by the public suffix list.

  bool operator==(const NameReading&) const = default;
};

/// Reads `name` as something that needs records of `type`; questions without an answer yet are
/// appended to `unknown`.
NameReading read_name(const Name& name, RecordType type, const Answers& answers,
                      std::vector<Question>& unknown);

/// Reads `name` as a host: an address of either family makes it usable.
NameReading read_host(const Name& name, const Answers& answers, std::vector<Question>& unknown);

/// Reads `domain` as one that receives mail: by its MX, else by its own address (RFC 5321
/// section 5.1).
NameReading read_mail_domain(const Name& domain, const Answers& answers,
                             std::vector<Question>& unknown);

/// Whether a list of MX values is a null MX: `0 .` alone (RFC 7505 section 3).
bool is_null_mx(const std::vector<std::string>& values);

/// A fault of a name that a record writes, and the type of record that is needed there.
struct NameFault {
  Fault fault;
  RecordKey at;
};
using NameFaults = std::vector<NameFault>;

/// What refers to a name, for sentences: "`a:mail.example.com` in the SPF record of example.com",
/// and what the name's holder can do: "send as example.com".
struct Reference {
  std::string what;
  std::string power;
};

/// `takeover`, where the reading is Unregistered.
std::optional<Fault> takeover(const Reference& reference, const NameReading& reading);

/// `name-dangling`, where the name does not exist or has no address.
std::optional<Fault> name_dangling(const Reference& reference, const NameReading& reading);

/// How the CNAME of a selector refers to its target.
Reference selector_reference(const Name& domain, const Name& selector);

/// How a CNAME at the name of a record, such as `_dmarc`, refers to its target.
Reference record_reference(const Name& domain, const Name& record);

/// Whether reports to this URI travel by mail; reporters support nothing else.
bool is_mailto(std::string_view uri);

/// Both of what an SPF record's tree refers to. Below an include only `takeover`: its operator has
/// to remove dead hosts, but anyone who takes such a name sends as `domain`. An include that does
/// not exist is `spf-unresolved`, too.
NameFaults spf_name_faults(const Name& domain, const spf::TreeNode& root, const Answers& answers,
                           std::vector<Question>& unknown);

/// Both of the MX hosts; `mx-invalid` of an address in place of a host, and of `MX 10 .`.
Faults mx_faults(const Name& domain, const std::vector<std::string>& values, const Answers& answers,
                 std::vector<Question>& unknown);

/// `report-undeliverable`, and `takeover`: `host`, the domain of a report address of `at`, receives
/// no mail.
Faults report_host_faults(const Name& at, const Name& host, const NameReading& reading);

/// `mx-null-sender`: hosts may send as `domain`, which says that it receives no mail: receivers may
/// refuse its mail (RFC 7505 section 4.2).
Fault mx_null_sender(const Name& domain);

}  // namespace rampart::rules
