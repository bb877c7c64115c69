/// From ldns' records to the values of dns/record.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dns/record.h"

// ldns' own types.
struct ldns_struct_rdf;
struct ldns_struct_rr;

namespace rampart {

/// A name's uncompressed wire form, lower case, as it stands in `rdf`.
std::string wire_name(const ldns_struct_rdf* rdf);

/// The name whose wire form `rdf` holds; nullopt where it is beyond what Name can hold.
std::optional<Name> name_of(const ldns_struct_rdf* rdf);

/// A record's value in canonical presentation form; nullopt for impossible rdata.
std::optional<std::string> value_of(const ldns_struct_rr* rr);

}  // namespace rampart
