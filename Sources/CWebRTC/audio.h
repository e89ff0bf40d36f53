// Audio in and out without a device: one paced thread per engine, one source and one sink per peer.
#pragma once

#include "prelude.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "api/media_stream_interface.h"
#include "api/notifier.h"
#include "callback.h"
#include "modules/audio_device/include/audio_device_default.h"
#include "rtc_base/platform_thread.h"

namespace kwr {

// What a peer sends: passes 10 ms from the reader to libwebrtc's sinks whenever the pump asks.
class LocalAudioSource : public webrtc::Notifier<webrtc::AudioSourceInterface> {
 public:
  // When it returns, the earlier reader has been released.
  void SetReader(Owned<kwr_audio_source> reader);
  // Silence instead of what the reader yields. Not left to the track, which lets the beginning of the first 10 ms through.
  void SetMuted(bool muted);
  void Push();

  SourceState state() const override { return kLive; }
  bool remote() const override { return false; }
  void AddSink(webrtc::AudioTrackSinkInterface* sink) override;
  void RemoveSink(webrtc::AudioTrackSinkInterface* sink) override;

 private:
  // Held while the reader and the sinks run, so that changing them waits for at most one push.
  std::mutex mutex_;
  Owned<kwr_audio_source> reader_;
  bool muted_ = false;
  // How the last push ended, so that the next one can fade where that differs from `muted_`.
  bool silent_ = true;
  std::vector<webrtc::AudioTrackSinkInterface*> sinks_;
};

// What a peer receives: passes on what libwebrtc decoded for its track.
class RemoteAudio : public webrtc::AudioTrackSinkInterface {
 public:
  // When it returns, the earlier receiver has been released.
  void SetReceiver(Owned<kwr_audio_sink> receiver);
  void OnData(const void* samples, int bits_per_sample, int sample_rate, size_t channels, size_t frames) override;

 private:
  std::mutex mutex_;
  Owned<kwr_audio_sink> receiver_;
};

// Every 10 ms: lets libwebrtc decode and mix what was received (which feeds the sinks), then pushes every source. In this
// order what one peer receives can be sent by another within the same 10 ms. Sleeps while there is nothing to do.
class AudioPump {
 public:
  AudioPump();
  ~AudioPump();

  void Add(rtc::scoped_refptr<LocalAudioSource> source);
  void Remove(const LocalAudioSource* source);
  // When it returns, the earlier transport is not used any more.
  void SetTransport(webrtc::AudioTransport* transport);
  void SetPlaying(bool playing);
  bool playing() const { return playing_; }

 private:
  void Run();
  void Play();

  std::atomic<bool> playing_ = false;
  std::mutex transport_mutex_;
  webrtc::AudioTransport* transport_ = nullptr;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<rtc::scoped_refptr<LocalAudioSource>> sources_;
  bool ending_ = false;

  rtc::PlatformThread thread_;
};

// The device module that libwebrtc wants: no microphone, and a speaker that swallows what the pump makes it play.
class PumpedAudioDevice : public webrtc::webrtc_impl::AudioDeviceModuleDefault<webrtc::AudioDeviceModule> {
 public:
  explicit PumpedAudioDevice(AudioPump& pump) : pump_(pump) {}

  int32_t RegisterAudioCallback(webrtc::AudioTransport* transport) override;
  int32_t StartPlayout() override;
  int32_t StopPlayout() override;
  bool Playing() const override { return pump_.playing(); }

 private:
  AudioPump& pump_;
};

}  // namespace kwr
