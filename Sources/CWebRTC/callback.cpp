#include "callback.h"

namespace kwr {

Answer::Answer(void* context, kwr_done done) {
  if (done) function_ = [context, done](const kwr_result& result) { done(context, &result); };
}

Answer::~Answer() {
  Fail(kwr_code_closed, "The peer has been closed.");
}

void Answer::Give(const kwr_result& result) {
  if (Function function = std::exchange(function_, nullptr)) std::move(function)(result);
}

void Answer::Finish(const webrtc::RTCError& error, kwr_code otherwise) {
  switch (error.type()) {
    case webrtc::RTCErrorType::NONE:
      return Succeed();
    case webrtc::RTCErrorType::INVALID_STATE:
      return Fail(kwr_code_invalid_state, error.message());
    case webrtc::RTCErrorType::UNSUPPORTED_OPERATION:
    case webrtc::RTCErrorType::UNSUPPORTED_PARAMETER:
      return Fail(kwr_code_unsupported, error.message());
    default:
      return Fail(otherwise, error.message());
  }
}

}  // namespace kwr
