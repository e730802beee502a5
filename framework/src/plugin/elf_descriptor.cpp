#include "plugin/elf_descriptor.hpp"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

#include "tractor/plugin/plugin_error.hpp"

namespace tractor::plugin::detail {
namespace {

constexpr char symbol_name[] = "tractor_plugin";

// A file that is read in pieces, each checked against its size: nothing in a hostile header is believed.
// Should it be a pipe, nobody waits for who writes to it.
class elf_file {
 public:
  explicit elf_file(const std::string& path)
      : path_(path), fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    if (fd_ < 0) {
      const int error = errno;
      throw plugin_error(error == ENOENT || error == ENOTDIR ? fault::not_found : fault::not_loadable,
                         path + ": cannot be opened: " + std::strerror(error));
    }
    struct stat about {};
    if (::fstat(fd_, &about) != 0 || !S_ISREG(about.st_mode)) {
      ::close(fd_);
      throw plugin_error(fault::not_elf, path + ": is no regular file");
    }
    size_ = static_cast<std::uint64_t>(about.st_size);
  }
  elf_file(const elf_file&) = delete;
  elf_file& operator=(const elf_file&) = delete;
  ~elf_file() { ::close(fd_); }

  bool read(std::uint64_t offset, void* into, std::uint64_t length) const {
    if (offset > size_ || length > size_ - offset) return false;
    return ::pread(fd_, into, length, static_cast<off_t>(offset)) == static_cast<ssize_t>(length);
  }

  template <class T> std::vector<T> table(std::uint64_t offset, std::uint64_t count) const {
    if (count > size_ / sizeof(T)) return {};
    std::vector<T> out(count);
    if (!read(offset, out.data(), count * sizeof(T))) out.clear();
    return out;
  }

  const std::string& path() const noexcept { return path_; }

 private:
  const std::string path_;
  const int fd_;
  std::uint64_t size_ = 0;
};

using header = ElfW(Ehdr);
using section = ElfW(Shdr);
using segment = ElfW(Phdr);
using symbol = ElfW(Sym);

header read_header(const elf_file& file) {
  header out{};
  if (!file.read(0, &out, sizeof out) || std::memcmp(out.e_ident, ELFMAG, SELFMAG) != 0)
    throw plugin_error(fault::not_elf, file.path() + ": not an ELF file, so no plugin");
  constexpr int own_class = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
  constexpr int own_order = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
  if (out.e_type != ET_DYN || out.e_ident[EI_CLASS] != own_class || out.e_ident[EI_DATA] != own_order ||
      out.e_shentsize != sizeof(section) || out.e_phentsize != sizeof(segment))
    throw plugin_error(fault::not_elf, file.path() + ": not a shared object for this machine");
  return out;
}

std::optional<symbol> find_symbol(const elf_file& file, const header& head) {
  const auto sections = file.table<section>(head.e_shoff, head.e_shnum);
  for (const section& it : sections) {
    if (it.sh_type != SHT_DYNSYM || it.sh_link >= sections.size()) continue;
    const auto names = file.table<char>(sections[it.sh_link].sh_offset, sections[it.sh_link].sh_size);
    for (const symbol& one : file.table<symbol>(it.sh_offset, it.sh_size / sizeof(symbol))) {
      if (one.st_shndx == SHN_UNDEF || one.st_name >= names.size()) continue;
      if (names.size() - one.st_name >= sizeof symbol_name &&
          std::memcmp(&names[one.st_name], symbol_name, sizeof symbol_name) == 0)
        return one;
    }
  }
  return std::nullopt;
}

bool read_at_address(const elf_file& file, const header& head, std::uint64_t address, void* into,
                     std::uint64_t length) {
  for (const segment& it : file.table<segment>(head.e_phoff, head.e_phnum)) {
    if (it.p_type != PT_LOAD || address < it.p_vaddr || address - it.p_vaddr > it.p_filesz) continue;
    if (length > it.p_filesz - (address - it.p_vaddr)) continue;
    return file.read(it.p_offset + (address - it.p_vaddr), into, length);
  }
  return false;
}

}  // namespace

tractor_plugin_descriptor read_descriptor(const std::string& path) {
  const elf_file file(path);
  const header head = read_header(file);
  const auto found = find_symbol(file, head);
  if (!found)
    throw plugin_error(fault::no_descriptor,
                       path + ": exports no 'tractor_plugin', so it is no plugin (or hides its symbols)");
  tractor_plugin_descriptor out{};
  const std::uint64_t known = std::min<std::uint64_t>(found->st_size, sizeof out);
  if (!read_at_address(file, head, found->st_value, &out, known))
    throw plugin_error(fault::bad_descriptor, path + ": its 'tractor_plugin' is no constant of the file");
  // A symbol that is shorter than its `size` field says must not be believed.
  if (known < sizeof out && out.magic == descriptor_magic) out.size = static_cast<std::uint32_t>(known);
  return out;
}

}  // namespace tractor::plugin::detail
