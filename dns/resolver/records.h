/// Converts ldns' records to the values of dns/record.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dns/record.h"

// ldns' own types.
struct ldns_struct_rdf;
struct ldns_struct_rr;

namespace rampart {

/// The uncompressed wire form of the name in `rdf`, in lower case.
std::string wire_name(const ldns_struct_rdf* rdf);

/// The name in `rdf`; nullopt where Name cannot represent it.
std::optional<Name> name_of(const ldns_struct_rdf* rdf);

/// A record's value in canonical presentation form; nullopt for impossible rdata.
std::optional<std::string> value_of(const ldns_struct_rr* rr);

}  // namespace rampart
