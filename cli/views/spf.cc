/// SPF verdicts, trees and flattened records, as text and JSON.
#include "cli/views/spf.h"

#include <fmt/format.h>

#include "cli/views/json_parts.h"
#include "dns/txt.h"

namespace rampart {
namespace {

// Only terms of the catalogue have a name; a guess from the domain would be wrong too often.
std::string vendor_of(const std::string& term, const SpfReport& report) {
  const auto found = report.vendors.find(term);
  return found == report.vendors.end() ? "" : found->second;
}

// The tree is limited by SPF itself: ten lookups, and a record cannot include itself without
// exceeding them.
Json node_json(const spf::TreeNode& node, const SpfReport& report) {
  const auto child_json = [&](const spf::TreeNode& child) { return node_json(child, report); };
  return {{"term", node.term},
          {"domain", node.domain},
          {"record", or_null(node.record)},
          {"sender", text_or_null(vendor_of(node.term, report))},
          {"lookups", node.lookups},
          {"void_lookups", node.void_lookups},
          // The size matters apart from the lookups: above 512 octets, an answer may need TCP (RFC
          // 7208 section 3.4).
          {"octets", node.record ? node.record->size() : 0},
          {"addresses", node.addresses4},
          {"lower_bound", node.lower_bound},
          {"problem", text_or_null(node.problem)},
          {"children", array_of(node.children, child_json)}};
}

/// One line per node: its lookups, the addresses that it admits, its service.
void add_line(const spf::TreeNode& node, int depth, int& used, const SpfReport& report,
              std::string& text) {
  const bool is_term = depth > 0;
  // `lookups` of a node includes its children; the running sum adds each lookup once.
  if (is_term) used += node.lookups;
  for (const spf::TreeNode& child : node.children) used -= is_term ? child.lookups : 0;
  std::string line = fmt::format("{:{}}{}", "", 2 * depth, is_term ? node.term : node.domain);
  line = fmt::format("{:<52} {:>3}{} {:>4}", printable(line), node.lookups,
                     node.lower_bound ? "+" : " ", used);
  line += fmt::format(" {:>5} {:>4} {:>10}", node.void_lookups,
                      node.record ? std::to_string(node.record->size()) : "-", node.addresses4);
  const std::string vendor = vendor_of(node.term, report);
  if (!vendor.empty()) line += "  " + vendor;
  if (!node.problem.empty()) line += "  ! " + printable(node.problem);
  text += line + "\n";
  for (const spf::TreeNode& child : node.children) {
    add_line(child, depth + 1, used, report, text);
  }
}

}  // namespace

std::string verdict_json(const spf::Verdict& verdict) {
  return document({{"result", to_text(verdict.outcome)},
                   {"lookups", verdict.lookups},
                   {"void_lookups", verdict.void_lookups},
                   {"matched", or_null(verdict.matched)},
                   {"domain", verdict.domain},
                   {"explanation", or_null(verdict.explanation)},
                   {"path", verdict.path},
                   {"reason", text_or_null(verdict.reason)}});
}

// The path from include to include explains a result better than the record.
std::string verdict_text(const spf::Verdict& verdict) {
  std::string text = fmt::format("{}  {}\n", to_text(verdict.outcome), printable(verdict.domain));
  for (const std::string& step : verdict.path) text += "  by " + printable(step) + "\n";
  if (!verdict.reason.empty()) text += "  because " + printable(verdict.reason) + "\n";
  if (verdict.explanation) text += "  explanation \"" + printable(*verdict.explanation) + "\"\n";
  text += fmt::format("  {} of 10 lookups, {} of 2 void lookups\n", verdict.lookups,
                      verdict.void_lookups);
  return text;
}

// The tree is null without a usable record, and the problem then says why.
std::string spf_tree_json(const SpfReport& report) {
  Json json = {{"domain", report.domain.text()},
               {"record", text_or_null(report.published.text)},
               {"problem", text_or_null(report.published.problem)},
               {"lookups", report.tree.lookups},
               {"void_lookups", report.tree.void_lookups},
               {"lower_bound", report.tree.lower_bound},
               {"octets", report.published.text.size()},
               {"addresses", report.tree.root.addresses4}};
  json["tree"] = report.published.record ? node_json(report.tree.root, report) : Json(nullptr);
  return document(json);
}

// "sum" is the running total in the order of evaluation: the first line above 10 is the term at
// which a receiver gives up.
std::string spf_tree_text(const SpfReport& report) {
  if (!report.published.record) return printable(report.published.problem) + "\n";
  std::string text = printable(report.published.text) + "\n\n";
  text += fmt::format("{:<52} {:>4} {:>4} {:>5} {:>4} {:>10}\n", "term", "cost", "sum", "voids",
                      "size", "IPv4");
  int used = 0;
  add_line(report.tree.root, 0, used, report, text);
  text += fmt::format("\n{}{} of 10 lookups, {} of 2 void lookups\n",
                      report.tree.lower_bound ? "at least " : "", report.tree.lookups,
                      report.tree.void_lookups);
  return text;
}

// `kept` are terms that stay as lookups, because they depend on the message or could not be
// resolved.
std::string flatten_json(const FlattenReport& report) {
  const auto fragment_json = [&](const auto& fragment) {
    return Json{{"name", fragment_name(report.domain, fragment.first).text()},
                {"value", spf::print(fragment.second)}};
  };
  std::vector<std::string> kept = report.flat.unlocked;
  if (!report.flat.redirect.empty()) kept.push_back(report.flat.redirect);
  return document({{"domain", report.domain.text()},
                   {"before", spf::print(report.record)},
                   {"record", spf::print(report.flat.record)},
                   {"fragments", array_of(report.flat.fragments, fragment_json)},
                   {"flattened", report.flat.flattened},
                   {"kept", kept},
                   {"lookups_before", report.lookups_before},
                   {"lookups", report.flat.lookups}});
}

// Fragments follow the record, in the order in which they are included.
// The record as it would be published comes first, so that it can be copied.
std::string flatten_text(const FlattenReport& report) {
  std::string text = fmt::format("{}  {}\n", report.domain.text(), spf::print(report.flat.record));
  for (const auto& [number, record] : report.flat.fragments) {
    text +=
        fmt::format("{}  {}\n", fragment_name(report.domain, number).text(), spf::print(record));
  }
  text +=
      fmt::format("\n{} of 10 lookups ({} before)\n", report.flat.lookups, report.lookups_before);
  for (const std::string& term : report.flat.unlocked) {
    const auto reason = report.reasons.find(term);
    text += fmt::format("not flattened: {} ({})\n", term,
                        reason != report.reasons.end()
                            ? printable(reason->second)
                            : "it depends on the message, or could not be resolved");
  }
  if (!report.flat.redirect.empty()) {
    text += fmt::format(
        "not flattened: {} (it hands the whole check on; write the terms of that record here in "
        "its place)\n",
        report.flat.redirect);
  }
  return text;
}

}  // namespace rampart
