// The first include of every file of this target.
//
// Debian builds libwebrtc without NDEBUG. The macro adds and removes members of the library's classes, so code compiled
// with it would corrupt the heap at the first call. Whatever the build says, this target is compiled without it.
#pragma once

#undef NDEBUG

#ifdef RTC_BASE_CHECKS_H_
#error "prelude.h has to come before libwebrtc's headers"
#endif

#if __cplusplus < 202002L
#error "libwebrtc's headers need C++20"
#endif

// The library's headers use what C++20 has deprecated.
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
