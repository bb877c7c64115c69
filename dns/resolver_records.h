/// From ldns' records to the values of dns/record.h; included by dns/resolver*.cc alone.
#pragma once

// ldns redefines bool, true and false unless this header came first.
#include <stdbool.h>

#include <ldns/ldns.h>

#include <optional>
#include <string>
#include <string_view>

#include "dns/record.h"

namespace rampart {

/// A name's uncompressed wire form, lower case, as it stands in `rdf`.
std::string wire_name(const ldns_rdf* rdf);

/// The name whose wire form `rdf` holds; nullopt where it is beyond what Name can hold.
std::optional<Name> name_of(const ldns_rdf* rdf);

/// A record's value in canonical presentation form; nullopt for impossible rdata.
std::optional<std::string> value_of(const ldns_rr* rr);

}  // namespace rampart
