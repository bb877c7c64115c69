/// Why mail failed: forwarded, from a known service that is not set up, or unauthorized; and
/// whether failing mail bears the domain's mark.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "reports/analysis/analysis.h"

namespace rampart::reports {
namespace {

constexpr std::array<std::string_view, kCategories> kNames = {
    "pass", "partial", "forwarded", "sender-missing-spf", "sender-missing-dkim", "unauthorized"};

/// What all mail of one address shows, by the trust of the reports: an asserted report, which
/// anyone may have written, may explain mail of asserted reports, but not that of verified ones.
struct AddressMail {
  bool passed = false;       ///< Some was aligned.
  bool survived = false;     ///< A signature of ours passed that is not the address's own.
  bool own_signed = false;   ///< A signature of the service that the address belongs to passed.
  bool spf_aligned = false;  ///< SPF passed for our domain, which never happens by forwarding.
  bool excused = false;      ///< A reporter that counts named forwarding as the reason.
  std::vector<const Sender*> signers;  ///< Declared senders that sign its mail.
};

/// Whether a passing signature is one of the service whose address it came from.
bool is_own_signature(const FactsTraits& traits, const Sender* sender) {
  if (std::ranges::find(traits.signers, sender) != traits.signers.end()) return true;
  return std::ranges::any_of(traits.selectors, [&](const std::string& one) {
    return std::ranges::find(sender->selectors, one) != sender->selectors.end();
  });
}

void add(AddressMail& mail, const TrafficGroup& group, const FactsTraits& traits,
         const AddressFacts& address) {
  mail.passed = mail.passed || traits.passes();
  mail.spf_aligned = mail.spf_aligned || traits.spf_aligned;
  mail.excused = mail.excused || (group.counts && traits.excused);
  for (const Sender* one : traits.signers) {
    if (std::ranges::find(mail.signers, one) == mail.signers.end()) mail.signers.push_back(one);
  }
  if (!traits.dkim_aligned) return;
  // Of a host that belongs to no service, a signature of the domain counts as made elsewhere;
  // is_forwarded excludes the domain's own hosts.
  if (address.sender == nullptr) {
    mail.survived = true;
  } else if (is_own_signature(traits, address.sender)) {
    mail.own_signed = true;
  } else {
    // A reporter that omits selectors does not show whose signature it was.
    mail.survived = mail.survived || !traits.selectors.empty();
  }
}

/// Whether failing mail was forwarded. It is decided for each address: one forwarded message must
/// not excuse all hosts of a provider. A reason in a report comes first, then all that excludes
/// forwarding: an excuse too many would hide the domain's own failing mail from the gates.
bool is_forwarded(const TrafficGroup& group, const FactsTraits& traits, const Source& source,
                  const AddressFacts& address, const AddressMail& mail) {
  if (group.counts && traits.excused) return true;
  // The domain's own hosts forward nothing: what fails there is the domain's own mail. Without an
  // answer, an address may be one of them.
  const bool unknown = !address.lacks_record.empty() || !address.lacks_host.empty();
  if (address.own || address.own_host || unknown) return false;
  const bool forwarder = source.sender != nullptr && source.sure == Sureness::Proved &&
                         !source.declared && source.sender->category == "forwarding";
  if (forwarder) return true;
  // Nor does a service forward what it sends itself: it may have stopped to sign some of it.
  const bool sends_itself =
      mail.own_signed || std::ranges::find(mail.signers, source.sender) != mail.signers.end();
  if (mail.spf_aligned || sends_itself) return false;
  // A declared sender's own mail may fail at the same address, so the excuse of one message does
  // not cover the others.
  return mail.survived || (mail.excused && !source.declared);
}

/// The most certain mark first: what a sender cannot choose is before what he can write into a
/// mail.
MarkKind mark_of(const FactsTraits& traits, const AddressFacts& address, const AddressMail& mail) {
  if (address.own) return MarkKind::OwnAddress;
  if (address.own_host) return MarkKind::OwnHost;
  if (traits.ours) return MarkKind::OwnDomain;
  return mail.passed ? MarkKind::PassedBefore : MarkKind::None;
}

/// What a known service lacks: SPF where it sends with our bounce domain, else DKIM.
Category missing(const Facts& facts, const Sender& sender) {
  // A service that cannot align by one method can only be repaired by the other.
  if (sender.dkim_aligns == Aligns::No) return Category::MissingSpf;
  if (sender.spf_aligns == Aligns::No) return Category::MissingDkim;
  OrgDomains domains;
  const RecordResults& results = facts.results;
  const auto ours = [&](const std::string& domain) {
    return domains.aligned(domain, results.header_from, dmarc::Alignment::Relaxed);
  };
  const bool our_bounces =
      ours(results.envelope_from) ||
      std::ranges::any_of(results.spf, [&](const SpfAuth& one) { return ours(one.domain); });
  return our_bounces ? Category::MissingSpf : Category::MissingDkim;
}

/// Gives equal values one number each.
template <class Key, class Value>
class Interned {
 public:
  explicit Interned(std::vector<Value>& values) : values_(values) {}
  std::uint32_t of(const Key& key, const Value& value) {
    const auto [at, added] = known_.try_emplace(key, static_cast<std::uint32_t>(values_.size()));
    if (added) values_.push_back(value);
    return at->second;
  }

 private:
  std::vector<Value>& values_;
  std::map<Key, std::uint32_t> known_;
};

/// Classifies all groups of one analysis.
class Classifier {
 public:
  Classifier(Analysis& analysis, const SourceNamer& namer)
      : analysis_(analysis),
        context_(namer.context()),
        namer_(namer),
        sources_(analysis.sources),
        labels_(analysis.labels),
        lacks_(analysis.lacks) {
    // Number 0 is the empty text, so that a zero in a classification means that nothing is missing.
    (void)lacks_.of("", "");
  }

  void run() {
    const auto& groups = analysis_.groups.groups;
    analysis_.classifications.resize(groups.size());
    for (std::size_t first = 0; first < groups.size();) {
      std::size_t end = first;
      // Groups are sorted by address, because an address is explained by all of its mail.
      while (end < groups.size() && groups[end].ip == groups[first].ip) ++end;
      classify_address(first, end);
      first = end;
    }
  }

 private:
  const FactsTraits& traits(const TrafficGroup& group) {
    const auto [at, added] = traits_.try_emplace(group.facts);
    if (added) {
      at->second =
          traits_of(*group.facts, context_.name, namer_.senders(), namer_.declared(), domains_);
    }
    return at->second;
  }

  void classify_address(std::size_t first, std::size_t end) {
    const auto& groups = analysis_.groups.groups;
    const AddressFacts address = namer_.facts_of(groups[first].ip);
    // Mail of each kind of reporter is explained by reporters of that kind or better: what anybody
    // reports must not excuse what a known reporter saw.
    AddressMail known;
    AddressMail verified;
    AddressMail all;
    for (std::size_t i = first; i < end; ++i) {
      const FactsTraits& its = traits(groups[i]);
      if (groups[i].counts) add(known, groups[i], its, address);
      if (groups[i].trust == Trust::Verified) add(verified, groups[i], its, address);
      add(all, groups[i], its, address);
    }
    bool friendly = false;
    for (std::size_t i = first; i < end; ++i) {
      const bool is_verified = groups[i].trust == Trust::Verified;
      classify(i, address, groups[i].counts ? known : is_verified ? verified : all);
      friendly = friendly || is_friendly(analysis_.classifications[i]);
    }
    // One friendly message makes the address friendly: a blocklist with an address that also sends
    // wanted mail does harm.
    for (std::size_t i = first; i < end; ++i) analysis_.classifications[i].friendly = friendly;
  }

  /// Whether an address that sent this may be a friend's: all but plain unmarked failures of
  /// unknown hosts. The hosts of a service are shared: its other customers are to be reported
  /// there.
  bool is_friendly(const Classification& one) const {
    if (one.marked() || one.ignored || one.lacks != 0) return true;
    if (one.category != Category::Unauthorized) return true;
    if (one.source == kByAddress) return false;
    const Source& source = analysis_.sources[one.source];
    return source.sender != nullptr && source.sure == Sureness::Proved;
  }

  void classify(std::size_t at, const AddressFacts& address, const AddressMail& mail) {
    const TrafficGroup& group = analysis_.groups.groups[at];
    const FactsTraits& its = traits(group);
    Classification& out = analysis_.classifications[at];
    const Sender* only_signer = mail.signers.size() == 1 ? mail.signers.front() : nullptr;
    const Source source = namer_.name(group.ip, address, its, only_signer);
    if (its.passes()) {
      out.category = its.dkim_aligned && its.spf_aligned ? Category::Pass : Category::Partial;
    } else if (is_forwarded(group, its, source, address, mail)) {
      out.category = Category::Forwarded;
    } else {
      out.mark = mark_of(its, address, mail);
      out.category = out.marked() && source.sender != nullptr
                         ? missing(*group.facts, *source.sender)
                         : Category::Unauthorized;
    }
    const std::string lacks = lacks_of(source, address, out);
    if (!lacks.empty()) out.lacks = lacks_.of(lacks, lacks);
    name(group.ip, source, address, out);
  }

  /// The lookup without an answer that could have given another name, or the mark; or empty.
  static std::string lacks_of(const Source& source, const AddressFacts& address,
                              const Classification& classification) {
    if (classification.category == Category::Forwarded) return {};
    const bool proved = source.sure == Sureness::Proved;
    const bool by_mail =
        proved && (source.named_by == NamedBy::Dkim || source.named_by == NamedBy::Envelope);
    // A name that the mail itself proves cannot change by an answer; one by address can.
    if (!by_mail && !address.lacks_record.empty()) return address.lacks_record;
    const bool by_record = proved && source.named_by == NamedBy::Spf;
    const bool markable = failed(classification.category) && !classification.marked();
    return markable || !(by_mail || by_record) ? address.lacks_host : std::string();
  }

  void name(const spf::Ip& ip, const Source& source, const AddressFacts& address,
            Classification& out) {
    if (source.named_by != NamedBy::Address) {
      out.source = sources_.of({source.label, source.named_by, source.sure}, source);
    }
    // Evidence contains proved names only: an outsider could otherwise give his mail the name of a
    // declared sender.
    const Source evident =
        source.sure == Sureness::Proved ? source : namer_.name_by_address(ip, address);
    const IgnoredSource* ignored = ignoring(context_, source, address, ip);
    out.ignored = ignored != nullptr;
    if (ignored != nullptr) {
      // As the YAML names it, so that its host name is not stored.
      out.label = labels_.of(ignored->source, ignored->source);
    } else if (evident.named_by != NamedBy::Address) {
      out.label = labels_.of(evident.label, evident.label);
    }
  }

  using SourceKey = std::tuple<std::string, NamedBy, Sureness>;
  Analysis& analysis_;
  const NamingContext& context_;
  const SourceNamer& namer_;
  Interned<SourceKey, Source> sources_;
  Interned<std::string, std::string> labels_;
  Interned<std::string, std::string> lacks_;
  std::unordered_map<const Facts*, FactsTraits> traits_;
  OrgDomains domains_;
};

}  // namespace

std::string_view to_text(Category category) { return kNames[static_cast<std::size_t>(category)]; }

bool failed(Category category) {
  return category == Category::MissingSpf || category == Category::MissingDkim ||
         category == Category::Unauthorized;
}

Analysis analyse_groups(const Range& range, TrafficGroups groups, HostNames hosts,
                        const NamingContext& context, NamingCache& cache) {
  Analysis analysis{range, std::move(groups), std::move(hosts), {}, {}, {}, {}};
  classify(analysis, SourceNamer(context, cache, analysis.hosts));
  return analysis;
}

void classify(Analysis& analysis, const SourceNamer& namer) { Classifier(analysis, namer).run(); }

}  // namespace rampart::reports
