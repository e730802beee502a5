// Tests whose words are not easy to tell.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace spoken {

// What is cut out of the middle begins and ends within a letter of three bytes.
TEST(spoken, bytes_that_are_no_text) {
  std::string words;
  for (int i = 0; i < 1024 * 1024; ++i) words += "\xe2\x82\xac";
  std::printf("%s\n", words.c_str());
  std::fputs("\xff\n", stderr);
  ADD_FAILURE() << "no text: \xff, \xed\xa0\x80";
}

}  // namespace spoken
