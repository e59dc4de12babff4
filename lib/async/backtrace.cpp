// Unwinding by backtrace(3), names by elfutils' libdwfl; see backtrace.hpp.

#include "async/backtrace.hpp"

#include <cxxabi.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <execinfo.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <memory>

#include "async/place.hpp"

namespace belfry::async {
namespace {

/// No search for separate files of debug information: elfutils would ask servers in the network for them.
int no_separate_file(Dwfl_Module*, void**, const char*, Dwarf_Addr, const char*, const char*, GElf_Word, char**) {
  return -1;
}

/// What is mapped into this process, as libdwfl sees it.
class Symbols {
 public:
  Symbols() : session_(dwfl_begin(&callbacks)) {
    if (session_ == nullptr) return;
    dwfl_linux_proc_report(session_.get(), getpid());
    dwfl_report_end(session_.get(), nullptr, nullptr);
  }

  std::string describe(std::uintptr_t call) const {
    Dwfl_Module* const module = session_ ? dwfl_addrmodule(session_.get(), call) : nullptr;
    if (module == nullptr) return "?";
    const char* const symbol = dwfl_module_addrname(module, call);
    const std::string name = symbol != nullptr ? demangle(symbol) : "?";
    if (const Place place = line_of(module, call); place.line != 0) return name + " at " + to_string(place);
    const std::string path = dwfl_module_info(module, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr);
    return name + " (" + path.substr(path.rfind('/') + 1) + ")";
  }

 private:
  struct End {
    void operator()(Dwfl* session) const noexcept { dwfl_end(session); }
  };
  /// Asks each compilation unit: clang writes no table from addresses to units (.debug_aranges) unless told to.
  static Place line_of(Dwfl_Module* module, std::uintptr_t call) {
    Place place;
    Dwarf_Addr bias = 0;
    for (Dwarf_Die* unit = nullptr; (unit = dwfl_module_nextcu(module, unit, &bias)) != nullptr;) {
      if (dwarf_haspc(unit, call - bias) != 1) continue;
      Dwarf_Line* const line = dwarf_getsrc_die(unit, call - bias);
      int number = 0;
      const char* const file = line != nullptr ? dwarf_linesrc(line, nullptr, nullptr) : nullptr;
      if (file == nullptr || dwarf_lineno(line, &number) != 0) continue;
      place.file = file;
      place.line = static_cast<std::uint32_t>(number);
      break;
    }
    return place;
  }
  static std::string demangle(const char* symbol) {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(symbol, nullptr, nullptr, &status),
                                                           &std::free);
    return status == 0 ? name.get() : symbol;
  }
  static constexpr Dwfl_Callbacks callbacks{
      .find_elf = dwfl_linux_proc_find_elf,
      .find_debuginfo = no_separate_file,
      .section_address = nullptr,
      .debuginfo_path = nullptr,
  };

  std::unique_ptr<Dwfl, End> session_;
};

}  // namespace

Backtrace Backtrace::capture() noexcept {
  Backtrace trace;
  const int size = ::backtrace(trace.calls_.data(), static_cast<int>(most));
  trace.size_ = size > 0 ? static_cast<std::size_t>(size) : 0;
  return trace;
}

void Backtrace::drop_until(const void* address) noexcept {
  std::size_t first = 0;
  while (first < size_ && calls_[first] != address) ++first;
  if (first == size_) return;
  size_ -= first;
  for (std::size_t i = 0; i < size_; ++i) calls_[i] = calls_[i + first];
}

void Backtrace::prepare() noexcept {
  static const bool loaded = !capture().empty();  // the first call of backtrace(3) loads libgcc_s
  static_cast<void>(loaded);
}

std::vector<std::string> Backtrace::symbolize() const {
  std::vector<std::string> lines;
  if (empty()) return lines;
  const Symbols symbols;
  for (std::size_t i = 0; i < size_; ++i) {
    const auto address = reinterpret_cast<std::uintptr_t>(calls_[i]);
    lines.push_back(symbols.describe(address - 1));  // the call, not the instruction behind it
  }
  return lines;
}

}  // namespace belfry::async
