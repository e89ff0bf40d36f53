#include "audio.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace kwr {

namespace {

constexpr int kSampleRate = 48000;
constexpr size_t kFrames = kSampleRate / 100;
constexpr std::chrono::milliseconds kPeriod{10};
// A pump that is later than this (a suspended machine) goes on from now instead of catching up.
constexpr std::chrono::milliseconds kPatience{200};

using Samples = std::array<int16_t, kFrames>;

// Goes evenly from full level to silence, or back, without a click.
void Fade(Samples& samples, bool out) {
  for (size_t i = 0; i < kFrames; ++i) {
    int share = static_cast<int>(out ? kFrames - i : i);
    samples[i] = static_cast<int16_t>(samples[i] * share / static_cast<int>(kFrames));
  }
}

}  // namespace

// MARK: - LocalAudioSource

void LocalAudioSource::SetReader(Owned<kwr_audio_source> reader) {
  std::lock_guard lock(mutex_);
  std::swap(reader_, reader);
}

void LocalAudioSource::SetMuted(bool muted) {
  std::lock_guard lock(mutex_);
  muted_ = muted;
}

void LocalAudioSource::Push() {
  Samples samples{};
  std::lock_guard lock(mutex_);
  if (!reader_) return;
  reader_->read(reader_->context, samples.data());
  if (muted_ && silent_) {
    samples.fill(0);
  } else if (muted_ != silent_) {
    Fade(samples, /*out=*/muted_);
  }
  silent_ = muted_;
  for (auto* sink : sinks_) sink->OnData(samples.data(), 16, kSampleRate, 1, kFrames, absl::nullopt);
}

void LocalAudioSource::AddSink(webrtc::AudioTrackSinkInterface* sink) {
  std::lock_guard lock(mutex_);
  sinks_.push_back(sink);
}

void LocalAudioSource::RemoveSink(webrtc::AudioTrackSinkInterface* sink) {
  std::lock_guard lock(mutex_);
  std::erase(sinks_, sink);
}

// MARK: - RemoteAudio

void RemoteAudio::SetReceiver(Owned<kwr_audio_sink> receiver) {
  std::lock_guard lock(mutex_);
  std::swap(receiver_, receiver);
}

void RemoteAudio::OnData(
    const void* samples, int bits_per_sample, int sample_rate, size_t channels, size_t frames) {
  std::lock_guard lock(mutex_);
  if (!receiver_ || bits_per_sample != 16) return;
  receiver_->receive(
      receiver_->context, static_cast<const int16_t*>(samples), sample_rate, static_cast<int32_t>(channels),
      static_cast<int32_t>(frames));
}

// MARK: - AudioPump

AudioPump::AudioPump()
    : thread_(rtc::PlatformThread::SpawnJoinable(
          [this] { Run(); }, "kandy-audio", rtc::ThreadAttributes().SetPriority(rtc::ThreadPriority::kRealtime))) {}

AudioPump::~AudioPump() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.Finalize();
}

void AudioPump::Add(rtc::scoped_refptr<LocalAudioSource> source) {
  {
    std::lock_guard lock(mutex_);
    sources_.push_back(std::move(source));
  }
  changed_.notify_all();
}

void AudioPump::Remove(const LocalAudioSource* source) {
  std::lock_guard lock(mutex_);
  std::erase_if(sources_, [source](const auto& each) { return each.get() == source; });
}

void AudioPump::SetTransport(webrtc::AudioTransport* transport) {
  std::lock_guard lock(transport_mutex_);
  transport_ = transport;
}

void AudioPump::SetPlaying(bool playing) {
  {
    std::lock_guard lock(mutex_);
    playing_ = playing;
  }
  changed_.notify_all();
}

void AudioPump::Run() {
  using Clock = std::chrono::steady_clock;
  auto deadline = Clock::now();
  std::vector<rtc::scoped_refptr<LocalAudioSource>> sources;
  std::unique_lock lock(mutex_);
  while (!ending_) {
    if (sources_.empty() && !playing_) {
      changed_.wait(lock);
      deadline = Clock::now();
      continue;
    }
    if (changed_.wait_until(lock, deadline, [this] { return ending_; })) break;
    sources = sources_;
    lock.unlock();
    Play();
    for (const auto& source : sources) source->Push();
    sources.clear();
    deadline = std::max(deadline + kPeriod, Clock::now() - kPatience);
    lock.lock();
  }
}

void AudioPump::Play() {
  Samples played;
  size_t count = 0;
  int64_t elapsed = 0;
  int64_t time = 0;
  std::lock_guard lock(transport_mutex_);
  if (!transport_ || !playing_) return;
  transport_->NeedMorePlayData(
      kFrames, sizeof(int16_t), 1, kSampleRate, played.data(), count, &elapsed, &time);
}

// MARK: - PumpedAudioDevice

int32_t PumpedAudioDevice::RegisterAudioCallback(webrtc::AudioTransport* transport) {
  pump_.SetTransport(transport);
  return 0;
}

int32_t PumpedAudioDevice::StartPlayout() {
  pump_.SetPlaying(true);
  return 0;
}

int32_t PumpedAudioDevice::StopPlayout() {
  pump_.SetPlaying(false);
  return 0;
}

}  // namespace kwr
