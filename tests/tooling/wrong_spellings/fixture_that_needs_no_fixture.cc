// expect: this parameter is no fixture: it needs a static provide(test_context&
#include "tractor/harness/test_context.hpp"
using namespace tractor::harness;
class plain {};
class egg {
 public:
  static egg provide(test_context&, plain&);
};
void take(test_context& context) { context.get<egg>(); }
