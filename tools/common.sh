# Shared by the scripts of this folder: where the tree is, how many jobs, one way to say things. Sourced, not run.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
unset CDPATH

say() { printf '%s\n' "$*"; }

# die MESSAGE: the one line that says what failed and what to do.
die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# job_count: one job a processor, as long as each has about two gigabytes of free memory. TRACTOR_JOBS overrides.
job_count() {
  if [[ -n ${TRACTOR_JOBS:-} ]]; then
    say "$TRACTOR_JOBS"
    return
  fi
  awk -v processors="$(nproc)" '
    /^MemAvailable:/ { memory = int($2 / 2000000) }
    END {
      jobs = processors
      if (memory > 0 && memory < jobs) jobs = memory
      print jobs < 1 ? 1 : jobs
    }' /proc/meminfo
}

# configure PRESET: cheap when nothing changed, since ninja re-runs CMake itself.
configure() {
  [[ -f $root/build/$1/build.ninja ]] || (cd "$root" && cmake --preset "$1")
}

# build PRESET [TARGET...]
build() {
  local preset=$1
  shift
  ninja -C "$root/build/$preset" -j "$(job_count)" "$@"
}

# built_preset [PRESET]: the given one (default: dev), or release if only that is built.
built_preset() {
  local preset
  for preset in "${1:-dev}" release; do
    [[ ! -e $root/build/$preset/lib/libtractor.so ]] || break
  done
  say "$preset"
}

# has_target PRESET TARGET: whether the configured tree knows the target.
has_target() {
  ninja -C "$root/build/$1" -t query "$2" >/dev/null 2>&1
}

# source_files PATTERN...: the files of the current directory's tree that git tracks or would track. A tree without git
# (an unpacked archive) is searched, but for build/.
source_files() {
  local list
  if list=$(git -c safe.directory='*' ls-files -co --exclude-standard -- "$@" 2>/dev/null); then
    [[ -z $list ]] || printf '%s\n' "$list" | while IFS= read -r file; do
      [[ ! -f $file ]] || say "$file"
    done
  else
    local wanted=() pattern
    for pattern; do
      wanted+=(${wanted[@]:+-o} -path "./$pattern")
    done
    find . -path ./build -prune -o -name .git -prune -o -type f \( "${wanted[@]}" \) -print | sed 's|^\./||' | sort
  fi
}
