/// Ownership of objects that C libraries allocate.
#pragma once

namespace rampart {

/// A deleter for std::unique_ptr that calls the library's own function.
template <auto Function>
struct FreeBy {
  template <class T>
  void operator()(T* object) const {
    Function(object);
  }
};

}  // namespace rampart
