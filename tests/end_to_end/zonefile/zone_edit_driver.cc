// Edits or dumps a zone file from the command line, for the test against real zone checkers.
//
//   zone_edit_driver dump APEX FILE             one record a line: NAME. TTL IN TYPE RDATA
//   zone_edit_driver edit APEX FILE < EDITS     the edited file on stdout
//
// An edit is `NAME TYPE TTL` followed by the set's values in hexadecimal, or `NAME TYPE -`.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

#include "dns/rdata.h"
#include "dns/zonefile/zone_file.h"

namespace {

using rampart::Name;

int fail(const rampart::Error& error) {
  std::cerr << sentence(error) << "\n";
  return 1;
}

std::string from_hex(const std::string& hex) {
  std::string octets;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
    octets += static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16));
  }
  return octets;
}

std::vector<rampart::ZoneEdit> read_edits(std::istream& in) {
  std::vector<rampart::ZoneEdit> edits;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string name;
    std::string type;
    std::string ttl;
    words >> name >> type >> ttl;
    rampart::ZoneEdit edit{{Name::literal(name), *rampart::parse_record_type(type)}, {}};
    if (ttl != "-") edit.set = rampart::RecordSet{std::chrono::seconds(std::stol(ttl)), {}};
    // A leading x keeps an empty value a word.
    for (std::string hex; words >> hex;) edit.set->values.insert(from_hex(hex.substr(1)));
    edits.push_back(edit);
  }
  return edits;
}

int dump(const rampart::ZoneFile& file) {
  for (const rampart::ZoneEntry& entry : file.entries) {
    std::cout << entry.key.name.text() << ". " << entry.ttl.count() << " IN "
              << to_text(entry.key.type) << " " << print_rdata(entry.key.type, entry.value) << "\n";
  }
  return 0;
}

int edit(const rampart::ZoneFile& file) {
  const auto edits = read_edits(std::cin);
  const auto text = edit_zone_file(file, edits, std::chrono::year{2026} / 11 / 21);
  if (!text) return fail(text.error());
  std::cout << *text;
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return fail({.what = "usage: zone_edit_driver dump|edit APEX FILE"});
  std::ifstream in(argv[3], std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto folder = std::filesystem::path(argv[3]).parent_path();
  const auto file = rampart::parse_zone_file(
      Name::literal(argv[2]), text, [&](const std::string& name) -> rampart::Result<std::string> {
        std::ifstream part(folder / name, std::ios::binary);
        if (!part) return rampart::Error{.what = "there is no such file"};
        return std::string{std::istreambuf_iterator<char>(part), {}};
      });
  if (!file) return fail(file.error());
  return std::string(argv[1]) == "dump" ? dump(*file) : edit(*file);
}
