/// Domains, senders and zones in a few words, for the tests of policies.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "policies/model/policy.h"

namespace rampart::testing {

/// The built-in standard ramp's steps.
inline std::shared_ptr<const Ramp> standard_ramp(RampMode mode = RampMode::Compat) {
  Ramp ramp;
  ramp.name = "standard";
  ramp.mode = mode;
  ramp.max_domains_per_run = 2;
  ramp.steps = {{{Phase::Monitor, 100}, {}},   {{Phase::Quarantine, 10}, {}},
                {{Phase::Quarantine, 50}, {}}, {{Phase::Quarantine, 100}, {}},
                {{Phase::Reject, 10}, {}},     {{Phase::Reject, 50}, {}},
                {{Phase::Reject, 100}, {}}};
  return std::make_shared<const Ramp>(ramp);
}

/// A managed domain at `position`, served by provider "files", reporting to itself.
inline Domain domain_at(const std::string& name, RampPosition position) {
  Domain domain{.name = Name::literal(name), .providers = {"files"}, .dmarc = {}};
  domain.dmarc.position = position;
  domain.dmarc.ramp = standard_ramp();
  domain.dmarc.rua = {"mailto:dmarc@" + name};
  return domain;
}

/// One record of a zone.
struct Row {
  std::string name;
  RecordType type;
  std::string value;
};

/// A complete zone at provider "files".
inline LiveZone zone_with(const std::string& apex, const std::vector<Row>& rows) {
  LiveZone zone{.apex = Name::literal(apex),
                .provider = "files",
                .from_provider = true,
                .complete = true,
                .sets = {},
                .wildcards = {},
                .error = {},
                .limits = {}};
  for (const Row& row : rows) {
    LiveSet& live = zone.sets[{Name::literal(row.name), row.type}];
    live.state = LiveState::Present;
    live.set.values.emplace(RecordKey{Name::literal(row.name), row.type}, row.value);
  }
  return zone;
}

/// A world of such zones, which must be sorted by apex.
inline World world_with(std::vector<LiveZone> zones) {
  World world;
  world.zones = std::move(zones);
  return world;
}

/// An answer in the table: these values, or NXDOMAIN.
inline void answer(World& world, const std::string& name, std::vector<std::string> values,
                   RecordType type = RecordType::TXT) {
  Answer& there = world.answers[{Name::literal(name), type}];
  there.status = values.empty() ? AnswerStatus::NxDomain : AnswerStatus::Data;
  there.values = std::move(values);
}

/// The codes of findings with their severity's initial: "E ramp-jump".
inline std::vector<std::string> codes_of(const std::vector<Finding>& findings) {
  std::vector<std::string> codes;
  for (const Finding& finding : findings) {
    const std::string severity(to_text(finding.severity));
    codes.push_back(std::string(1, static_cast<char>(severity[0] - 'a' + 'A')) + " " +
                    finding.code);
  }
  return codes;
}

/// A want in a line: "publish TXT _dmarc.example.com v=DMARC1; p=none".
inline std::string line_of(const DesiredRecord& desired) {
  return std::string(to_text(desired.stage)) + " " + to_text(desired.key.type) + " " +
         desired.key.name.text() + " " + (desired.value ? desired.value->text() : "(none)");
}

inline std::vector<std::string> lines_of(const PolicyResult& policy_result) {
  std::vector<std::string> lines;
  for (const DesiredRecord& desired : policy_result.desired_records)
    lines.push_back(line_of(desired));
  return lines;
}

}  // namespace rampart::testing
