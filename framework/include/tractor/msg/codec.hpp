// The whole codec in one include; see the parts for what each costs.
#pragma once

#include <tractor/msg/aggregate.hpp>   // plain structs, by Boost.PFR
#include <tractor/msg/containers.hpp>  // lists, sets, maps, tuples, optional
#include <tractor/msg/describe.hpp>    // described structs
#include <tractor/msg/layout.hpp>      // the layout of types as text, changes of values
#include <tractor/msg/scalars.hpp>     // numbers, text, bytes, times
#include <tractor/msg/text.hpp>        // values as text
#include <tractor/msg/value.hpp>       // dynamic values
#include <tractor/msg/variant.hpp>     // unions
#include <tractor/msg/wire.hpp>        // the concept and the calls
