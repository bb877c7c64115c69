/// Which reporters are known. Anyone can register a domain and sign reports with it, so only known
/// reporters count by themselves (contract section 4).
#pragma once

#include <string>
#include <string_view>

#include "policies/model/config.h"
#include "policies/model/evidence.h"

namespace rampart {

/// How far a reporter's domain is known.
enum class ReporterKind {
  Known,    ///< In the built-in list or in `reporters: {known: ...}`.
  Unknown,  ///< Neither: it counts after a month of reports, and only beside known ones.
  Refused,  ///< In `reporters: {refused: ...}`: it never counts.
};

/// The kind of the domain that signed a report. A known domain must match exactly; a refused
/// one also covers the names below it.
ReporterKind reporter_kind(const Config& config, std::string_view reporter);

/// The id of the built-in organization that signs with the domain `reporter`, or empty.
std::string organization_id(const Config& config, std::string_view reporter);

/// The organizational domain of the domain that signed a report, by the public suffix list.
std::string reporter_organization(const std::string& reporter);

/// What counts as one reporter: the built-in organization's id, else the organizational domain by
/// the public suffix list (contract section 4: reporters under one domain count once).
std::string reporter_group(const Config& config, const std::string& reporter);

/// Fills in evidence.known_reporters.
void name_known_reporters(Evidence& evidence, const Config& config);

}  // namespace rampart
