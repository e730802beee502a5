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

// As a test that runs a program of tests, and shows what that says.
TEST(spoken, marks_of_another_test) {
  std::puts("[==========] Running 1 test from 1 test suite.\n[ RUN      ] inner.test\ninner words");
  std::puts("[       OK ] inner.test (0 ms)\n[----------] 1 test from inner (0 ms total)\n");
  std::puts("[==========] 1 test from 1 test suite ran. (0 ms total)\n[  PASSED  ] 1 test.");
  std::puts("behind the marks");
  ADD_FAILURE() << "the reason behind them";
  std::printf("an open line");
}

}  // namespace spoken
