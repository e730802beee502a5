// Words and how often they occur, and the text files to find them in.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

using tally = std::unordered_map<std::string, std::uint64_t>;

/// Counts the words (runs of ASCII letters, in lower case) of one file. Throws `std::runtime_error` if it
/// cannot be read.
tally count_file(const std::string& path);
/// Counts in this process, one file after the other: what the actors' total is checked against.
tally count_files(const std::vector<std::string>& paths);

void merge(tally& into, const tally& from);
std::uint64_t total(const tally& words);
/// The most frequent words, the first of equals by the alphabet.
std::vector<std::pair<std::string, std::uint64_t>> top_words(const tally& words, std::size_t count);

/// Text files that every system has (its licences and documentation, and this project's), up to about `bytes`
/// in all.
std::vector<std::string> default_files(std::uintmax_t bytes);
