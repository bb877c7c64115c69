/// Vectors of many megabytes.
#pragma once

#include <sys/mman.h>

#include <cstdlib>
#include <new>
#include <vector>

namespace rampart::reports {

/// Memory in large pages where it is large: a table that is read at random places otherwise waits
/// for the page tables as long as for its own memory, and each small page costs a page fault.
template <class Value>
struct LargePages {
  using value_type = Value;
  static constexpr std::size_t kPage = std::size_t{2} << 20;

  LargePages() = default;
  template <class Other>
  LargePages(const LargePages<Other>&) {}  // NOLINT: allocators convert.

  Value* allocate(std::size_t count) {
    const std::size_t octets = count * sizeof(Value);
    if (octets < 2 * kPage) return static_cast<Value*>(::operator new(octets));
    const std::size_t whole = (octets + kPage - 1) / kPage * kPage;
    void* const memory = std::aligned_alloc(kPage, whole);
    if (memory == nullptr) throw std::bad_alloc();
    // Advice: a system without large pages ignores it.
    (void)::madvise(memory, whole, MADV_HUGEPAGE);
    return static_cast<Value*>(memory);
  }

  void deallocate(Value* memory, std::size_t count) {
    if (count * sizeof(Value) < 2 * kPage) {
      ::operator delete(memory);
    } else {
      std::free(memory);
    }
  }

  bool operator==(const LargePages&) const = default;
};

/// A vector that may have many megabytes.
template <class Value>
using LargeVector = std::vector<Value, LargePages<Value>>;

}  // namespace rampart::reports
