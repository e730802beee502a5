// Trees over transports on which things go wrong: benign faults change nothing, hostile ones end each wait
// with an error that names its cause.
#include <gmock/gmock.h>

#include <fstream>
#include <map>
#include <tractor/harness/harness.hpp>

#include "program.hpp"

namespace chaos_test {

using namespace process_tests;
using namespace tractor::harness;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// Where the whole run is over chaos, it is not to strike twice.
std::string chaotic(const tpt_proto& proto) {
  return "chaos+" + proto.key().substr(proto.key().rfind('+') + 1);
}

/// One run of the test program over chaos.
class chaotic_run {
 public:
  chaotic_run(const std::string& mode, const std::string& plan, const start_method& method,
              const tpt_proto& proto, const reg_addr& addr, const tmp_dir& tmp) {
    const auto silent = std::chrono::milliseconds(static_cast<int>(500 * head_room()));
    std::ofstream(tmp / "config.yaml")
        << "timeouts: {heartbeat_period: 50ms, heartbeat_timeout: " << silent.count() << "ms}\n";
    command line = program(mode, method, chaotic(proto), addr);
    line.arg("--config", tmp / "config.yaml").env("TRACTOR_CHAOS", plan).env("TRACTOR_CHAOS_SCRIPT", "");
    subprocess root(line);
    const auto ended = root.wait(roomy(10s));
    EXPECT_TRUE(ended) << "it did not end: " << root.out() << root.err();
    code = ended ? ended->code().value_or(-1) : -1;
    EXPECT_TRUE(root.wait_for_descendants(roomy(5s)));
    out = root.out();
    err = root.err();
  }

  /// What the log says of the faults, without times and pids.
  std::string faults() const {
    std::string all;
    for (std::size_t at = err.find("chaos: "); at != err.npos; at = err.find("chaos: ", at + 1))
      all += err.substr(at, err.find('\n', at) - at) + "\n";
    return all;
  }

  int code = -1;
  std::string out, err;
};

TRACTOR_CELL_TEST(chaos, that_is_benign_is_no_matter_to_calls_streams_and_trees,
                  (start_method method, tpt_proto proto, reg_addr addr, tmp_dir& tmp)) {
  for (const char* plan : {"", "none", "seed=7,delay=3ms", "seed=8,split", "seed=9,coalesce=3ms,split"}) {
    const chaotic_run run("busy", plan, method, proto, addr, tmp);
    EXPECT_EQ(run.code, 0) << plan << ": " << run.err;
    EXPECT_EQ(run.out, "in order: 2000, doubled: 42\n") << plan;
    EXPECT_EQ(run.err, "") << plan;
  }
}

TRACTOR_CELL_TEST(chaos, that_is_hostile_is_an_error_that_names_the_cause_and_spares_the_others,
                  (start_method method, tpt_proto proto, reg_addr addr, tmp_dir& tmp)) {
  const std::map<std::string, std::string> expected{{"stall", "has been silent for"},
                                                    {"truncate", "broke: Connection reset by peer"},
                                                    {"half-close", "broke: Broken pipe"},
                                                    {"corrupt", ""}};
  for (const auto& [fault, cause] : expected) {
    const chaotic_run run("survives", "accepted connection 2 after 8 messages: " + fault, method, proto, addr,
                          tmp);
    EXPECT_THAT(run.out, AllOf(HasSubstr("'lost@"), HasSubstr(cause), HasSubstr("hello root, says other\n")))
        << fault << run.err;
    EXPECT_THAT(run.out, Not(HasSubstr("ended by: nothing"))) << fault;
    EXPECT_THAT(run.faults(), HasSubstr(fault + " after 8 messages")) << run.err;
    EXPECT_EQ(run.err.find("which sent a broken message") != run.err.npos, fault == "corrupt") << run.err;
  }
}

TRACTOR_CELL_TEST(chaos, that_refuses_connections_is_told_by_who_cannot_start,
                  (start_method method, tpt_proto proto, reg_addr addr, tmp_dir& tmp)) {
  const chaotic_run making("once", "made connections: refuse", method, proto, addr, tmp);
  EXPECT_EQ(making.code, 1);
  EXPECT_THAT(making.err, AllOf(HasSubstr("actor 'kid@"), HasSubstr("cannot connect: Connection refused")));
  const chaotic_run accepting("once", "accepted connections: refuse", method, proto, addr, tmp);
  EXPECT_EQ(accepting.code, 1);
  EXPECT_THAT(accepting.err,
              AllOf(HasSubstr("actor 'kid@"), HasSubstr("chaos: connection"), HasSubstr(": refuse")));
}

TRACTOR_CELL_TEST(chaos, of_one_seed_strikes_at_the_same_place_again,
                  (start_method method, tpt_proto proto, reg_addr addr, tmp_dir& tmp)) {
  const std::string plan = "seed=" + std::to_string(seed()) + ",split,accepted connection 2: truncate";
  const chaotic_run first("survives", plan, method, proto, addr, tmp);
  const chaotic_run second("survives", plan, method, proto, addr, tmp);
  EXPECT_THAT(first.faults(), HasSubstr(": truncate after "));
  EXPECT_EQ(first.faults(), second.faults());
}

TRACTOR_CELL_TEST(chaos, that_cannot_be_read_is_refused_in_one_line,
                  (start_method method, tpt_proto proto, reg_addr addr, tmp_dir& tmp)) {
  const chaotic_run run("once", "seed=1,delays", method, proto, addr, tmp);
  EXPECT_EQ(run.code, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.err, "tractor: the transport '" + chaotic(proto) +
                         "' cannot be made: TRACTOR_CHAOS: unknown fault 'delays': known are delay, split, "
                         "coalesce, truncate, corrupt, half-close, refuse, stall, none, seed=N\n");
}

}  // namespace chaos_test
