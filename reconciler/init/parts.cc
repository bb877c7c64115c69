/// Leaves parts out of a draft.
#include <algorithm>

#include "reconciler/init/draft.h"

namespace rampart {

// A part is not just dropped: what it explained goes back to a plainer form, such as a sender to
// its terms, which may still be manageable.
void leave_out(DraftDomain& domain, const DraftPlace& place, const std::string& why) {
  domain.notes.push_back(why);
  const auto as_selectors = [&](const DraftSender& sender) {
    for (const DraftSelector& one : sender.cnames) domain.selectors.push_back(one);
  };
  switch (place.part) {
    case DraftPart::Whole:
      domain.omitted = domain.discovery;
      domain.discovery = true;
      return;
    case DraftPart::Parked:
      domain.parked = false;
      return;
    case DraftPart::Spf:
      // Without SPF no sender is declared, so their CNAMEs are declared as selectors.
      std::ranges::for_each(domain.senders, as_selectors);
      domain.senders.clear();
      domain.spf.reset();
      break;
    case DraftPart::Sender: {
      const auto found = std::ranges::find(domain.senders, place.key, &DraftSender::id);
      if (found == domain.senders.end()) return;
      as_selectors(*found);
      for (const std::string& term : found->terms) domain.spf->extra.push_back(term);
      domain.senders.erase(found);
      break;
    }
    case DraftPart::Selector:
      std::erase_if(domain.selectors,
                    [&](const DraftSelector& one) { return one.selector == place.key; });
      return;
    case DraftPart::Dmarc:
      domain.dmarc.reset();
      return;
    case DraftPart::MtaSts:
      domain.mta_sts.reset();
      return;
    case DraftPart::TlsRpt:
      domain.tls_rpt.reset();
      return;
    case DraftPart::Bimi:
      domain.bimi.reset();
      return;
  }
  std::ranges::sort(domain.selectors, {}, &DraftSelector::selector);
}

std::string text_of(const std::vector<DraftLine>& lines) {
  std::string text;
  for (const DraftLine& line : lines) text += line.text + "\n";
  return text;
}

}  // namespace rampart
