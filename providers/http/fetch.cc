/// Fetching many small public files over HTTPS at once, by libcurl's multi interface.
#include "providers/http/fetch.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <array>
#include <memory>

#include "providers/http/http.h"

namespace rampart {
namespace {

using Easy = std::unique_ptr<CURL, void (*)(CURL*)>;
using Multi = std::unique_ptr<CURLM, CURLMcode (*)(CURLM*)>;
using List = std::unique_ptr<curl_slist, void (*)(curl_slist*)>;

/// One file in transfer. libcurl holds its address, so it never moves. The request's limits are
/// copied, because the callback has nothing but this.
struct Download {
  Easy easy{curl_easy_init(), curl_easy_cleanup};
  List resolve{nullptr, curl_slist_free_all};
  std::array<char, CURL_ERROR_SIZE> reason{};
  FetchOutcome* outcome = nullptr;
  std::size_t most_octets = 0;
  bool too_long = false;
};

std::size_t append_download(char* data, std::size_t, std::size_t octets, void* user) {
  Download& download = *static_cast<Download*>(user);
  // Returning fewer octets than given makes libcurl abort.
  if (download.outcome->body.size() + octets > download.most_octets) {
    download.too_long = true;
    return 0;
  }
  download.outcome->body.append(data, octets);
  return octets;
}

/// "host:443:192.0.2.1,[2001:db8::1]", so that libcurl uses no resolver of its own. Addresses come
/// from the audited DNS answers, so that both look at the same host.
std::string pinned(const FetchRequest& request) {
  const std::size_t start = request.url.find("://") + 3;
  const std::string host = request.url.substr(start, request.url.find('/', start) - start);
  std::string text = host + ":443:";
  for (const std::string& address : request.addresses) {
    if (!text.ends_with(':')) text += ',';
    text += address.find(':') == std::string::npos ? address : "[" + address + "]";
  }
  return text;
}

template <class Value>
void set(const Download& download, CURLoption option, Value value) {
  curl_easy_setopt(download.easy.get(), option, value);
}

// Redirects are refused, since RFC 8461 section 3.3 forbids them for policies.
std::unique_ptr<Download> begin(const FetchRequest& request, const FetchLimits& limits,
                                FetchOutcome& outcome) {
  auto download = std::make_unique<Download>();
  download->outcome = &outcome;
  download->most_octets = limits.most_octets;
  download->resolve.reset(curl_slist_append(nullptr, pinned(request).c_str()));
  if (!download->easy) return nullptr;
  set(*download, CURLOPT_URL, request.url.c_str());
  set(*download, CURLOPT_PROTOCOLS_STR, "https");
  set(*download, CURLOPT_FOLLOWLOCATION, 0L);
  set(*download, CURLOPT_NOSIGNAL, 1L);
  set(*download, CURLOPT_SSL_VERIFYPEER, 1L);
  set(*download, CURLOPT_SSL_VERIFYHOST, 2L);
  set(*download, CURLOPT_RESOLVE, download->resolve.get());
  set(*download, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limits.connect_timeout.count()));
  set(*download, CURLOPT_TIMEOUT_MS, static_cast<long>(limits.total_timeout.count()));
  set(*download, CURLOPT_USERAGENT, "rampart");
  set(*download, CURLOPT_ERRORBUFFER, download->reason.data());
  set(*download, CURLOPT_WRITEFUNCTION, &append_download);
  set(*download, CURLOPT_WRITEDATA, download.get());
  set(*download, CURLOPT_PRIVATE, download.get());
  if (!limits.ca_file.empty()) set(*download, CURLOPT_CAINFO, limits.ca_file.c_str());
  if (!limits.ca_folder.empty()) set(*download, CURLOPT_CAPATH, limits.ca_folder.c_str());
  return download;
}

// Problems are worded as the end of a sentence, since the caller puts the URL in front.
void finish(const Download& download, CURLcode code, const FetchLimits& limits) {
  FetchOutcome& outcome = *download.outcome;
  CURL* const easy = download.easy.get();
  long status = 0;
  const char* type = nullptr;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
  if (type != nullptr) outcome.type = type;
  if (download.too_long) {
    outcome.problem = fmt::format("it is longer than {} octets", limits.most_octets);
  } else if (code != CURLE_OK) {
    outcome.problem =
        download.reason[0] != '\0' ? download.reason.data() : curl_easy_strerror(code);
  } else if (status >= 300 && status < 400) {
    outcome.problem = fmt::format("the server redirects ({}), which is not followed", status);
  } else if (status != 200) {
    outcome.problem = fmt::format("the server answers {}", status);
  }
  // Nobody may take an error page for the file.
  if (!outcome.problem.empty()) outcome.body.clear();
}

/// Keeps up to `in_flight` transfers going until all are done. The multi interface runs hundreds of
/// transfers in one thread, where a thread each would exhaust small machines.
class Batch {
 public:
  Batch(std::span<const FetchRequest> requests, const FetchLimits& limits)
      : requests_(requests), limits_(limits), outcomes_(requests.size()) {}

  // A failure of libcurl itself ends all transfers at once, with a reason for each.
  std::vector<FetchOutcome> run() {
    constexpr int kTick = 1000;
    int running = 0;
    for (fill(); !going_.empty(); fill()) {
      if (curl_multi_perform(multi_.get(), &running) != CURLM_OK) break;
      collect();
      if (running > 0) curl_multi_poll(multi_.get(), nullptr, 0, kTick, nullptr);
    }
    for (const auto& [key, download] : going_) {
      curl_multi_remove_handle(multi_.get(), download->easy.get());
      download->outcome->problem = "the download was interrupted";
    }
    return std::move(outcomes_);
  }

 private:
  // New transfers start as others end, so that a slow host holds one place only.
  void fill() {
    for (; next_ < requests_.size() && going_.size() < limits_.in_flight; ++next_) {
      auto download = begin(requests_[next_], limits_, outcomes_[next_]);
      if (!download || curl_multi_add_handle(multi_.get(), download->easy.get()) != CURLM_OK) {
        outcomes_[next_].problem = "out of memory";
        continue;
      }
      Download* const key = download.get();
      going_.emplace(key, std::move(download));
    }
  }

  // libcurl's own list of finished transfers names handles, so a pointer is stored with each.
  void collect() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      Download* download = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &download);
      finish(*download, message->data.result, limits_);
      curl_multi_remove_handle(multi_.get(), download->easy.get());
      going_.erase(download);
    }
  }

  std::span<const FetchRequest> requests_;
  const FetchLimits& limits_;
  std::vector<FetchOutcome> outcomes_;
  std::size_t next_ = 0;
  Multi multi_{curl_multi_init(), curl_multi_cleanup};
  // After multi_, so that it is emptied first.
  std::map<Download*, std::unique_ptr<Download>> going_;
};

}  // namespace

// The same variables as for providers, read by the same function.
void take_certificates(FetchLimits& limits, const std::map<std::string, std::string>& environment) {
  HttpSettings settings;
  take_certificates(settings, environment);
  limits.ca_file = settings.ca_file;
  limits.ca_folder = settings.ca_folder;
}

std::vector<FetchOutcome> fetch_all(std::span<const FetchRequest> requests,
                                    const FetchLimits& limits) {
  if (requests.empty()) return {};
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)ready;
  return Batch(requests, limits).run();
}

}  // namespace rampart
