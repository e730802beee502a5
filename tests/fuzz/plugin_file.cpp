// Plugin files: any bytes are read or refused, and nothing of them is run.
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "tractor/plugin/registry.hpp"

namespace {

// One folder for each process, removed at its end.
class folder {
 public:
  folder() {
    std::string name = (std::filesystem::temp_directory_path() / "tractor-fuzz-XXXXXX").string();
    if (!::mkdtemp(name.data())) std::abort();
    path_ = name;
  }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  ~folder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const folder here;
  const std::string file = here.path() + "/libtractor_transport_fuzz.so";
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  tractor::plugin::search_path path;
  path.add(here.path(), "the fuzzer");
  const auto all = tractor::plugin::registry(path).list();
  if (all.size() != 1 || (!all[0].good() && all[0].reason.empty())) std::abort();
  return 0;
}
