// An edit made twice changes nothing more. The fuzz target found the first two: a key that needs
// quotes made its map look like JSON, whose values are quoted.
#include <catch2/catch.hpp>

#include "reconciler/edit/edit.h"

namespace rampart {
namespace {

struct TwiceCase {
  YamlPath path;
  std::string text;
  std::string expected;
};

TEST_CASE("an edit made twice changes nothing more") {
  const TwiceCase cases[] = {
      {{"a", "\\"}, "a:", "a: {\"\\\\\": word}"},
      {{"a", "-"}, "x: 1\n", "x: 1\na: {\"-\": word}\n"},
      {{"a", "b"}, "a: {\"b\": 1}\n", "a: {\"b\": \"word\"}\n"},
      // What is there already keeps its spelling.
      {{"a", "b"}, "a: {\"b\": word}\n", "a: {\"b\": word}\n"},
      {{"a"}, "a: 'word' # why\n", "a: 'word' # why\n"},
      {{"a"}, "a: >-\n  word\n", "a: >-\n  word\n"},
  };
  for (const TwiceCase& one : cases) {
    INFO(one.text);
    const YamlEdit edits[] = {{YamlEdit::Act::Set, one.path, yaml_scalar("word")}};
    const auto once = edit_yaml("a.yaml", one.text, edits);
    REQUIRE(once.ok());
    CHECK(*once == one.expected);
    CHECK(edit_yaml("a.yaml", *once, edits).value() == *once);
  }
}

}  // namespace
}  // namespace rampart
