#include "engine.h"

#include "api/audio_codecs/audio_decoder_factory_template.h"
#include "api/audio_codecs/audio_encoder_factory_template.h"
#include "api/audio_codecs/g711/audio_decoder_g711.h"
#include "api/audio_codecs/g711/audio_encoder_g711.h"
#include "api/audio_codecs/g722/audio_decoder_g722.h"
#include "api/audio_codecs/g722/audio_encoder_g722.h"
#include "api/audio_codecs/opus/audio_decoder_opus.h"
#include "api/audio_codecs/opus/audio_encoder_opus.h"
#include "api/create_peerconnection_factory.h"
#include "api/video_codecs/builtin_video_decoder_factory.h"
#include "api/video_codecs/builtin_video_encoder_factory.h"
#include "rtc_base/logging.h"
#include "rtc_base/ssl_adapter.h"

namespace kwr {

namespace {

// What concerns the process and not one engine.
void PrepareProcess() {
  static std::once_flag once;
  std::call_once(once, [] {
    // libwebrtc's own log names addresses and descriptions.
    rtc::LogMessage::LogToDebug(rtc::LS_NONE);
    rtc::InitializeSSL();
  });
}

std::unique_ptr<rtc::Thread> Start(std::unique_ptr<rtc::Thread> thread, const char* name) {
  thread->SetName(name, nullptr);
  thread->Start();
  return thread;
}

}  // namespace

Engine::Engine() {
  PrepareProcess();
  signalling_ = Start(rtc::Thread::Create(), "kandy-signal");
  worker_ = Start(rtc::Thread::Create(), "kandy-worker");
  network_ = Start(rtc::Thread::CreateWithSocketServer(), "kandy-network");
  device_ = rtc::make_ref_counted<PumpedAudioDevice>(audio_);
  signalling_->PostTask([this] { MakeFactory(); });
}

Engine::~Engine() {
  {
    std::unique_lock lock(peers_mutex_);
    peers_changed_.wait(lock, [this] { return peers_ == 0; });
  }
  signalling_->BlockingCall([this] { factory_ = nullptr; });
  device_ = nullptr;
}

void Engine::MakeFactory() {
  factory_ = webrtc::CreatePeerConnectionFactory(
      network_.get(), worker_.get(), signalling_.get(), device_,
      webrtc::CreateAudioEncoderFactory<
          webrtc::AudioEncoderOpus, webrtc::AudioEncoderG722, webrtc::AudioEncoderG711>(),
      webrtc::CreateAudioDecoderFactory<
          webrtc::AudioDecoderOpus, webrtc::AudioDecoderG722, webrtc::AudioDecoderG711>(),
      webrtc::CreateBuiltinVideoEncoderFactory(), webrtc::CreateBuiltinVideoDecoderFactory(),
      /*audio_mixer=*/nullptr, /*audio_processing=*/nullptr);
  if (!factory_) return;
  webrtc::PeerConnectionFactoryInterface::Options options;
  // By default loopback is ignored, and a machine with nothing else would gather no candidate.
  options.network_ignore_mask = 0;
  factory_->SetOptions(options);
}

void Engine::PeerMade() {
  std::lock_guard lock(peers_mutex_);
  ++peers_;
}

void Engine::PeerClosed() {
  // Notified with the mutex held: once it is free, the engine may be gone.
  std::lock_guard lock(peers_mutex_);
  --peers_;
  peers_changed_.notify_all();
}

}  // namespace kwr

// MARK: - C interface

kwr_engine* kwr_engine_make(void) {
  return new kwr_engine;
}

void kwr_engine_check(kwr_engine* engine, void* context, kwr_done done) {
  engine->engine.signalling().PostTask([engine, answer = kwr::Answer(context, done)]() mutable {
    if (engine->engine.factory()) return answer.Succeed();
    answer.Fail(kwr_code_engine, "libwebrtc's factory could not be made.");
  });
}

void kwr_engine_end(kwr_engine* engine, void* context, kwr_done done) {
  // A thread of its own, because ending joins all the others. It holds nothing once it has answered.
  rtc::PlatformThread::SpawnDetached(
      [engine, context, done] {
        delete engine;
        kwr::Answer(context, done).Succeed();
      },
      "kandy-end");
}
