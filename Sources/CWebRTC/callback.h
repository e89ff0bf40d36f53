// Owners of what the C interface hands over: contexts of callbacks, and the duty to answer.
#pragma once

#include "prelude.h"

#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "api/rtc_error.h"
#include "cwebrtc.h"

namespace kwr {

// A callback structure of the C interface and the one reference to its context, which is released in the destructor.
template <typename Callbacks>
class Owned {
 public:
  Owned() = default;
  explicit Owned(const Callbacks& callbacks) : callbacks_(callbacks) {}
  Owned(Owned&& other) noexcept : callbacks_(std::exchange(other.callbacks_, Callbacks{})) {}
  Owned& operator=(Owned&& other) noexcept {
    std::swap(callbacks_, other.callbacks_);
    return *this;
  }
  ~Owned() {
    if (callbacks_.release) callbacks_.release(callbacks_.context);
  }

  explicit operator bool() const { return callbacks_.release != nullptr; }
  const Callbacks* operator->() const { return &callbacks_; }

 private:
  Callbacks callbacks_{};
};

// The duty to answer an operation exactly once. Dropped unanswered, it answers `closed`.
class Answer {
 public:
  using Function = absl::AnyInvocable<void(const kwr_result&) &&>;

  Answer(void* context, kwr_done done);
  explicit Answer(Function function) : function_(std::move(function)) {}
  Answer(Answer&& other) noexcept : function_(std::exchange(other.function_, nullptr)) {}
  Answer& operator=(Answer&&) = delete;
  ~Answer();

  void Give(const kwr_result& result);
  void Succeed() { Give({.code = kwr_code_ok}); }
  void Text(const std::string& text) { Give({.code = kwr_code_ok, .text = text.c_str()}); }
  void Number(int32_t number) { Give({.code = kwr_code_ok, .number = number}); }
  void Fail(kwr_code code, const std::string& text) { Give({.code = code, .text = text.c_str()}); }
  // Success, or libwebrtc's error: `invalid_state` and `unsupported` by its type, everything else as `otherwise`.
  void Finish(const webrtc::RTCError& error, kwr_code otherwise);

 private:
  Function function_;
};

}  // namespace kwr
