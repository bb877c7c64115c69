/// The store's statements, prepared once.
#pragma once

#include <optional>

#include "reports/store.h"

namespace rampart::reports {

struct Store::Statements {
  Statement find_string;
  Statement add_string;
  Statement string_of;
  Statement find_report;
  Statement add_report;
  Statement update_report;
  Statement raise_trust;
  Statement add_row;
  Statement rows;
  Statement report;
  Statement host;
  Statement add_host;
};

/// An address as a blob: four octets or sixteen.
std::string_view octets_of(const spf::Ip& ip);
spf::Ip ip_of(std::string_view octets);

}  // namespace rampart::reports
