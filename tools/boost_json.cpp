// Boost.JSON, compiled here once for each program.
#include <boost/json/src.hpp>
