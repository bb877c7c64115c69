/// The rules of every profile, in the order in which they are shown.
#pragma once

#include <span>

#include "policies/audit/rule_table.h"

namespace rampart::audit {

/// Australia.
std::span<const Rule> au_ism_1540_rules();
/// US federal domains.
std::span<const Rule> bod_18_01_rules();
/// Germany.
std::span<const Rule> bsi_tr_03182_rules();
/// Google, Yahoo and Microsoft.
std::span<const Rule> bulk_sender_rules();
/// M3AAWG.
std::span<const Rule> m3aawg_rules();
/// The European Union.
std::span<const Rule> nis2_rules();
/// The Netherlands.
std::span<const Rule> nl_comply_rules();
/// Card payments.
std::span<const Rule> pci_5_4_1_rules();
/// The standard.
std::span<const Rule> rfc9989_rules();
/// The United Kingdom.
std::span<const Rule> uk_gov_rules();

}  // namespace rampart::audit
