/// zip, tar and bzip2 by libarchive.
#include "reports/input/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <cerrno>

namespace rampart::reports {
namespace {

/// Lets libarchive read from a stream. `fault` keeps the stream's own error, which is clearer than
/// what libarchive makes of it.
struct Feeder {
  ByteSource packed;
  std::string fault;

  static la_ssize_t read(archive* reader, void* self, const void** block) {
    auto& feeder = *static_cast<Feeder*>(self);
    const Result<std::string_view> next = feeder.packed();
    if (!next) {
      feeder.fault = next.error().what;
      archive_set_error(reader, EIO, "%s", feeder.fault.c_str());
      return -1;
    }
    *block = next->data();
    return static_cast<la_ssize_t>(next->size());
  }
};

Error failure(archive* reader, const Feeder& feeder) {
  if (!feeder.fault.empty()) return Error{feeder.fault};
  const char* text = archive_error_string(reader);
  return Error{fmt::format("the archive cannot be read: {:.200}", text == nullptr ? "?" : text)};
}

/// Files that macOS or a file manager adds to an archive. A leading dot alone is no sign of one:
/// some reporters name the member ".xml".
bool is_litter(const std::string& name) {
  const auto slash = name.rfind('/');
  const std::string base = slash == name.npos ? name : name.substr(slash + 1);
  return name.starts_with("__MACOSX/") || name.find("/__MACOSX/") != name.npos ||
         base.starts_with("._") || base == ".DS_Store" || base == "Thumbs.db";
}

/// A member of a zip states its method. LZMA, PPMd and xz state how much memory their decoder needs
/// as well, up to gigabytes, and libarchive believes them. It names the method only in the name of
/// the format, such as "ZIP 2.0 (deflation)".
Result<Ok> check_method(archive* reader, const std::string& name) {
  if (archive_format(reader) != ARCHIVE_FORMAT_ZIP) return Ok{};
  const char* text = archive_format_name(reader);
  const std::string_view format = text == nullptr ? "" : text;
  for (const std::string_view method : {"(uncompressed)", "(deflation)", "(bzip)"}) {
    if (format.ends_with(method)) return Ok{};
  }
  return Error{fmt::format("{} is not packed by deflate, bzip2 or store ({}): pack it by deflate",
                           name, format)};
}

using ArchiveReader = std::unique_ptr<archive, int (*)(archive*)>;

Result<Ok> open_reader(const ArchiveReader& reader, Feeder& feeder) {
  const int code = archive_read_open(reader.get(), &feeder, nullptr, Feeder::read, nullptr);
  return code == ARCHIVE_OK ? Result<Ok>(Ok{}) : failure(reader.get(), feeder);
}

ByteSource octets_of(archive* reader, const Feeder& feeder, std::shared_ptr<Budget> budget,
                     const InputLimits& limits) {
  return [reader, &feeder, budget = std::move(budget), limits]() -> Result<std::string_view> {
    const void* block = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    int code = ARCHIVE_OK;
    // An empty block is not the end, but an empty result would be.
    do {
      code = archive_read_data_block(reader, &block, &size, &offset);
    } while (code == ARCHIVE_OK && size == 0);
    if (code == ARCHIVE_EOF) return std::string_view();
    if (code != ARCHIVE_OK) return failure(reader, feeder);
    // Counted for all members together: many small ones can exhaust memory as well as one large
    // one.
    budget->unpacked += size;
    TRY_OK(budget->check(limits));
    return std::string_view(static_cast<const char*>(block), size);
  };
}

}  // namespace

Result<Ok> for_each_member(
    ByteSource packed, std::shared_ptr<Budget> budget, const InputLimits& limits,
    const std::function<void(const std::string& name, const ByteSource& octets)>& member) {
  const ArchiveReader reader(archive_read_new(), archive_read_free);
  if (!reader) return Error{"no memory to unpack it"};
  // Only these two formats are enabled. libarchive's other readers (RAR, CAB, ISO) are attack
  // surface that no reporter needs. The streamable reader needs no index at the end of the file.
  archive_read_support_format_zip_streamable(reader.get());
  archive_read_support_format_tar(reader.get());
  Feeder feeder{std::move(packed), {}};
  TRY_OK(open_reader(reader, feeder));
  archive_entry* entry = nullptr;
  for (int count = 0;; ++count) {
    const int code = archive_read_next_header(reader.get(), &entry);
    if (code == ARCHIVE_EOF) return Ok{};
    // A warning, such as a name in an unknown charset, leaves the member readable.
    if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return failure(reader.get(), feeder);
    if (count >= limits.members) {
      return Error{fmt::format("it has more than {} members", limits.members)};
    }
    // Beyond the ratio, even skipping the rest would take too long.
    TRY_OK(budget->check(limits));
    // In the C locale, the plain call has no name that is not ASCII.
    const char* path = archive_entry_pathname_utf8(entry);
    if (path == nullptr) path = archive_entry_pathname(entry);
    const bool unnamed = path == nullptr || *path == '\0';
    const std::string name = unnamed ? fmt::format("member {}", count + 1) : path;
    TRY_OK(check_method(reader.get(), name));
    // Links and devices are not followed: members are read as streams and never written to a disk.
    if (archive_entry_filetype(entry) != AE_IFREG || is_litter(name)) continue;
    member(name, octets_of(reader.get(), feeder, budget, limits));
  }
}

/// libarchive sees a compressed file as an archive of one member without a header ("raw").
ByteSource bzip2_source(ByteSource packed, std::shared_ptr<Budget> budget,
                        const InputLimits& limits) {
  struct Unpacker {
    ArchiveReader reader{archive_read_new(), archive_read_free};
    Feeder feeder;
    ByteSource octets;

    Result<Ok> open(std::shared_ptr<Budget> budget, const InputLimits& limits) {
      if (!reader) return Error{"no memory to unpack it"};
      archive_read_support_filter_bzip2(reader.get());
      archive_read_support_format_raw(reader.get());
      TRY_OK(open_reader(reader, feeder));
      archive_entry* entry = nullptr;
      if (archive_read_next_header(reader.get(), &entry) != ARCHIVE_OK) {
        return failure(reader.get(), feeder);
      }
      octets = octets_of(reader.get(), feeder, std::move(budget), limits);
      return Ok{};
    }
  };
  auto unpacker = std::make_shared<Unpacker>();
  unpacker->feeder.packed = std::move(packed);
  return [unpacker, budget = std::move(budget), limits]() -> Result<std::string_view> {
    // Opened by the first read, because only then can an error be returned.
    if (!unpacker->octets) TRY_OK(unpacker->open(budget, limits));
    return unpacker->octets();
  };
}

}  // namespace rampart::reports
