// expect: this fixture needs itself, by way of the parameters of provide
#include "tractor/harness/test_context.hpp"
using namespace tractor::harness;
class hen;
class egg {
 public:
  static egg provide(test_context&, hen&);
};
class hen {
 public:
  static hen provide(test_context&, egg&);
};
void take(test_context& context) { context.get<egg>(); }
