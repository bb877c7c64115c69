/// A bare libxml2 SAX2 push loop over files, keeping nothing but a count of records: the least that
/// reading reports can cost. `bare_sax LIST`, with one path a line.
#include <libxml/parser.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

namespace {

struct Seen {
  long records = 0;
  std::string text;
};

void on_start(void* user, const xmlChar* name, const xmlChar*, const xmlChar*, int, const xmlChar**,
              int, int, const xmlChar**) {
  auto& seen = *static_cast<Seen*>(user);
  seen.records += std::strcmp(reinterpret_cast<const char*>(name), "record") == 0 ? 1 : 0;
  seen.text.clear();
}

void on_end(void*, const xmlChar*, const xmlChar*, const xmlChar*) {}

void on_text(void* user, const xmlChar* text, int size) {
  static_cast<Seen*>(user)->text.append(reinterpret_cast<const char*>(text),
                                        static_cast<std::size_t>(size));
}

void read_file(const std::string& path, Seen& seen) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return;
  xmlSAXHandler table{};
  table.initialized = XML_SAX2_MAGIC;
  table.startElementNs = on_start;
  table.endElementNs = on_end;
  table.characters = on_text;
  table.ignorableWhitespace = on_text;
  xmlParserCtxtPtr context = xmlCreatePushParserCtxt(&table, &seen, nullptr, 0, nullptr);
  static std::array<char, 64 << 10> block;
  for (std::size_t count = 0; (count = std::fread(block.data(), 1, block.size(), file)) > 0;) {
    xmlParseChunk(context, block.data(), static_cast<int>(count), 0);
  }
  xmlParseChunk(context, nullptr, 0, 1);
  xmlFreeParserCtxt(context);
  std::fclose(file);
}

}  // namespace

int main(int argc, char** argv) {
  Seen seen;
  std::ifstream list(argc > 1 ? argv[1] : "");
  for (std::string path; std::getline(list, path);) read_file(path, seen);
  std::printf("%ld\n", seen.records);
  return 0;
}
