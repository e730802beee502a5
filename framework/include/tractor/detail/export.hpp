// Marks what libtractor.so exports; everything else stays hidden.
#pragma once

#define TRACTOR_API __attribute__((visibility("default")))
