// Where libFuzzer is not: runs the check over every file of the folders that are named, and tells the slowest.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "fuzz/expect.hpp"

int main(int argc, char** argv) {
  int count = 0;
  std::chrono::duration<double, std::milli> slowest{0};
  LLVMFuzzerTestOneInput(nullptr, 0);  // whatever is read once only, such as zones
  for (int i = 1; i < argc; ++i) {
    for (const auto& file : std::filesystem::directory_iterator(argv[i])) {
      std::ifstream stream(file.path(), std::ios::binary);
      const std::string text{std::istreambuf_iterator<char>(stream), {}};
      const auto start = std::chrono::steady_clock::now();
      LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
      slowest = std::max(slowest, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start));
      ++count;
    }
  }
  std::printf("%d inputs, the slowest took %.2f ms\n", count, slowest.count());
  return count > 0 ? 0 : 1;
}
