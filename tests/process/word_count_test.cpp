// The main example as a person runs it: its sums, the worker that is killed, the demonstration, and wrong
// usage.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <tractor/harness/harness.hpp>
#include <tractor/plugin/owned_fd.hpp>

namespace word_count_test {

using namespace tractor::harness;
using namespace std::chrono_literals;
using testing::HasSubstr;
using tractor::owned_fd;

command word_count() {
  return command(std::filesystem::read_symlink("/proc/self/exe").parent_path() / "examples/word_count");
}

std::chrono::nanoseconds patience() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(30s * head_room());
}

std::string line_with(const std::string& text, const std::string& part) {
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    if (line.find(part) != line.npos) return line;
  return {};
}

// Some files, in which `the` stands 60 times.
std::vector<std::string> write_texts(const tmp_dir& folder) {
  std::vector<std::string> out;
  for (int i = 0; i < 6; ++i) {
    out.push_back(folder / ("text" + std::to_string(i)));
    std::ofstream file(out.back());
    for (int n = 0; n < 10; ++n)
      file << "The quick brown fox jumps over " << (n % 2 ? "dogs" : "cats") << ".\n";
  }
  return out;
}

TRACTOR_CELL_TEST(word_count, recovers_from_a_killed_worker_and_counts_what_one_process_counts,
                  (start_method method, tpt_proto proto, reg_addr addr, tmp_dir& tmp)) {
  command line = word_count();
  line.arg("--tpt-proto", proto.key(), "--registry-addr", addr.text(), "--spawn-backend", method.key());
  line.arg("--workers", "3", "--top", "2", "--kill-one");
  for (const std::string& text : write_texts(tmp)) line.arg(text);
  subprocess run(line);
  const auto status = run.wait(patience());
  ASSERT_TRUE(status && status->ok()) << run.out() << run.err();
  EXPECT_EQ(run.err(), "");
  const std::string killed = line_with(run.out(), "kill -9 ");
  const std::string worker = killed.substr(killed.find('(') + 1, 9);  // counter-N
  EXPECT_THAT(run.out(), HasSubstr(" actor '" + worker + "@"));
  EXPECT_THAT(run.out(), HasSubstr("was killed by signal 9 (SIGKILL)"));
  EXPECT_THAT(run.out(), HasSubstr("a fresh " + worker + " counts "));
  EXPECT_THAT(run.out(), HasSubstr("       60  brown\n"));
  EXPECT_THAT(run.out(),
              HasSubstr("420 words, 8 different ones, in 6 files, counted by 3 actors; a single process "
                        "finds the same\n"));
}

TRACTOR_CELL_TEST(word_count, demonstrates_one_cell_when_it_is_asked_for_one,
                  (start_method method, tpt_proto proto, reg_addr reg, tmp_dir& tmp), timeout(60s)) {
  command line = word_count();
  line.arg("--demo", "--registry-addr", reg.text(), "--tpt-proto", proto.key(), "--spawn-backend",
           method.key(), "--workers", "2");
  for (const std::string& text : write_texts(tmp)) line.arg(text);
  subprocess run(line);
  const auto status = run.wait(patience());
  ASSERT_TRUE(status && status->ok()) << run.out() << run.err();
  EXPECT_EQ(run.err(), "");
  EXPECT_THAT(run.out(), HasSubstr("_subactor[counter-0@"));
  EXPECT_THAT(run.out(), HasSubstr("was killed by signal 9 (SIGKILL)"));
  const std::string heading = line_with(run.out(), "teardown (ms)");
  for (const std::string column : {"cell", "actors", "spawn (ms)", "calls/s", "left behind", "result"})
    EXPECT_THAT(heading, HasSubstr(column));
  // The last line is that of the only cell: three actors, one of them a fresh one, nothing left behind,
  // right.
  const std::string row = run.out().substr(run.out().rfind('\n', run.out().size() - 2) + 1);
  std::istringstream words(row);
  std::string backend, plus, transport, actors, spawn, calls, teardown, left, result;
  words >> backend >> plus >> transport >> actors >> spawn >> calls >> teardown >> left >> result;
  EXPECT_EQ(backend + plus + transport, method.key() + "+" + proto.key()) << row;
  EXPECT_EQ(actors, "3");
  EXPECT_EQ(left, "0");
  EXPECT_EQ(result, "right");
}

// Says nothing to whoever comes. If the address is taken somebody else is there, which is as good.
void listen_at_the_usual_port(int socket) {
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(1616);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0) ::listen(socket, 8);
}

TRACTOR_CELL_TEST(word_count, demonstrates_all_that_the_environment_names_whoever_listens_at_the_usual_port,
                  (start_method method, tpt_proto proto, tmp_dir& tmp), timeout(60s)) {
  const owned_fd stranger(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  listen_at_the_usual_port(stranger.get());
  command line = word_count();
  line.env("TRACTOR_TPT_PROTO", proto.key() + ",uds").env("TRACTOR_SPAWN_METHOD", method.key());
  // Where it leaves what a transport keeps that is not the one of this cell.
  line.env("XDG_RUNTIME_DIR", tmp.path());
  line.arg("--demo", "--workers", "2");
  for (const std::string& text : write_texts(tmp)) line.arg(text);
  subprocess run(line);
  const auto status = run.wait(patience());
  ASSERT_TRUE(status && status->ok()) << run.out() << run.err();
  EXPECT_EQ(run.err(), "");
  for (const std::string& key : {proto.key(), std::string("uds")})
    EXPECT_THAT(line_with(run.out(), method.key() + " + " + key + " "), testing::EndsWith(" right"));
}

TEST(word_count_usage, is_told_in_one_line_with_exit_code_2_when_it_is_wrong) {
  const std::vector<std::vector<std::string>> wrong{
      {"--no-such-flag"}, {"/no/such/file"}, {"--workers", "0"}, {"--demo", "--no-such-flag"}};
  for (const auto& words : wrong) {
    command line = word_count();
    for (const std::string& word : words) line.arg(word);
    subprocess run(line);
    const auto status = run.wait(patience());
    EXPECT_TRUE(status && status->code() == 2) << line.text();
    EXPECT_THAT(run.err(), testing::StartsWith("word_count: ")) << line.text();
    EXPECT_THAT(run.err(), HasSubstr("\nusage: word_count [--workers N]"));
  }
}

TEST(word_count_usage, is_shown_with_the_runtimes_flags) {
  subprocess run(word_count().arg("--help"));
  const auto status = run.wait(patience());
  EXPECT_TRUE(status && status->ok()) << run.err();
  EXPECT_THAT(run.out(), testing::AllOf(HasSubstr("--kill-one"), HasSubstr("--spawn-backend")));
}

}  // namespace word_count_test
