// Owners of what libcurl hands out. Private to lib/io: nobody else includes curl.h.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <new>
#include <string>
#include <vector>

namespace belfry::io::detail {

struct CurlDeleter {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};

using CurlHandle = std::unique_ptr<CURL, CurlDeleter>;
using CurlList = std::unique_ptr<curl_slist, CurlDeleter>;

inline CurlList curl_list(const std::vector<std::string>& lines) {
  CurlList list;
  for (const std::string& line : lines) {
    curl_slist* const longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    if (!list) list.reset(longer);  // else the same list, with one more at its end
  }
  return list;
}

}  // namespace belfry::io::detail
