// Video in and out without a device: one paced thread per engine, one source and one sink per peer.
#pragma once

#include "prelude.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "api/video/i420_buffer.h"
#include "api/video/video_frame.h"
#include "api/video/video_sink_interface.h"
#include "callback.h"
#include "media/base/adapted_video_track_source.h"
#include "rtc_base/platform_thread.h"
#include "rtc_base/timestamp_aligner.h"

namespace kwr {

// A `kwr_picture` is a counted `I420BufferInterface`, neither copied nor wrapped.
inline webrtc::I420BufferInterface* Buffer(kwr_picture* picture) {
  return reinterpret_cast<webrtc::I420BufferInterface*>(picture);
}
inline kwr_picture* Picture(webrtc::I420BufferInterface* buffer) {
  return reinterpret_cast<kwr_picture*>(buffer);
}

// What a peer sends: passes the reader's newest picture to libwebrtc whenever the pump asks, at the size and rate that
// libwebrtc can use at the moment.
class LocalVideoSource : public rtc::AdaptedVideoTrackSource {
 public:
  // When it returns, the earlier reader has been released.
  void SetReader(Owned<kwr_video_source> reader);
  void Pull();
  std::chrono::nanoseconds period() const { return period_; }

  SourceState state() const override { return kLive; }
  bool remote() const override { return false; }
  bool is_screencast() const override { return false; }
  absl::optional<bool> needs_denoising() const override { return absl::nullopt; }

 private:
  void Deliver(rtc::scoped_refptr<webrtc::I420BufferInterface> picture, int rotation, int64_t timestamp);

  // Held while the reader runs, so that changing it waits for at most one picture.
  std::mutex mutex_;
  Owned<kwr_video_source> reader_;
  rtc::TimestampAligner aligner_;
  std::atomic<std::chrono::nanoseconds> period_{};
};

// What a peer receives: passes on what libwebrtc decoded for its track.
class RemoteVideo : public rtc::VideoSinkInterface<webrtc::VideoFrame> {
 public:
  // When it returns, the earlier receiver has been released.
  void SetReceiver(Owned<kwr_video_sink> receiver);
  void OnFrame(const webrtc::VideoFrame& frame) override;

 private:
  std::mutex mutex_;
  Owned<kwr_video_sink> receiver_;
};

// Pulls every source at its own rate. Sleeps while there is none.
class VideoPump {
 public:
  VideoPump();
  ~VideoPump();

  void Add(rtc::scoped_refptr<LocalVideoSource> source);
  void Remove(const LocalVideoSource* source);

 private:
  using Clock = std::chrono::steady_clock;
  struct Entry {
    rtc::scoped_refptr<LocalVideoSource> source;
    Clock::time_point deadline;
  };

  void Run();
  // Moves on the deadlines that have passed and says whose they were.
  std::vector<rtc::scoped_refptr<LocalVideoSource>> TakeDue(Clock::time_point now);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Entry> entries_;
  bool ending_ = false;

  rtc::PlatformThread thread_;
};

}  // namespace kwr
