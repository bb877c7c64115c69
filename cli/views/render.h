/// The wanted records as other tools read them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "reconciler/plan/render.h"

namespace rampart {

/// A form that another tool reads.
struct RenderForm {
  std::string_view name;     ///< As `--format` takes it.
  std::string_view comment;  ///< What a line of comment begins with.
  std::string_view suffix;   ///< Of a zone's file: ".zone".
  /// The zone's records, comments aside. An Error where the form cannot carry a value.
  Result<std::string> (*records)(const RenderedZone& zone);
  std::vector<std::string_view> advice;  ///< What to know before using the file.
};

/// Every form but that of MTA-STS policies.
const std::vector<RenderForm>& render_forms();

/// A whole file: what it is, what to know, what is left out, and the records.
Result<std::string> render_file(const RenderForm& form, const RenderedZone& zone,
                                const std::string& source);

/// A file to be read by named-checkzone and its kin after `$INCLUDE`.
Result<std::string> zone_records(const RenderedZone& zone);
/// YAML of octoDNS' YamlProvider.
Result<std::string> octodns_records(const RenderedZone& zone);
/// `D_EXTEND` of dnscontrol.
Result<std::string> dnscontrol_records(const RenderedZone& zone);
/// Resources of Terraform's aws or cloudflare provider.
Result<std::string> terraform_records(const RenderedZone& zone);

}  // namespace rampart
