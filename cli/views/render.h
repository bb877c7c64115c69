/// The desired records in the formats of other tools.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "reconciler/plan/render.h"

namespace rampart {

/// An output format.
struct RenderForm {
  std::string_view name;     ///< As `--format` takes it.
  std::string_view comment;  ///< Begins a comment line.
  std::string_view suffix;   ///< Of a file's name: ".zone".
  /// The zone's records, without comments. An Error if the format cannot express a value.
  Result<std::string> (*records)(const RenderedZone& zone);
  std::vector<std::string_view> advice;  ///< Comments about using the file.
};

/// Every format of records; MTA-STS policies are written elsewhere.
const std::vector<RenderForm>& render_forms();

/// A whole file: comments (origin, advice, what is left out) and the records. `source` is the name
/// of the YAML.
Result<std::string> render_file(const RenderForm& form, const RenderedZone& zone,
                                const std::string& source);

/// RFC 1035 master file lines with absolute names, for `$INCLUDE`.
Result<std::string> zone_records(const RenderedZone& zone);
/// YAML for octoDNS' YamlProvider.
Result<std::string> octodns_records(const RenderedZone& zone);
/// JavaScript with dnscontrol's `D_EXTEND`.
Result<std::string> dnscontrol_records(const RenderedZone& zone);
/// Resources of Terraform's aws or cloudflare provider, by the zone's providers.
Result<std::string> terraform_records(const RenderedZone& zone);

}  // namespace rampart
