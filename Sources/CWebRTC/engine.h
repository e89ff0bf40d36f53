// One libwebrtc factory with its threads.
#pragma once

#include "prelude.h"

#include <condition_variable>
#include <memory>
#include <mutex>

#include "api/peer_connection_interface.h"
#include "audio.h"
#include "callback.h"
#include "rtc_base/thread.h"
#include "video.h"

namespace kwr {

// Owns the threads, the pumps, the device module and the factory. The order of destruction, which ~Engine carries out:
//   1. wait until every peer has closed: it has taken its sinks off, released its sources, closed its connection and
//      dropped tracks and connection, on the signalling thread;
//   2. the factory, on the signalling thread: with it goes the media engine, which unregisters from the device module;
//   3. the device module, then the pumps, which nobody calls any more;
//   4. the network, worker and signalling threads.
class Engine {
 public:
  // Starts the threads; the factory is made on the signalling thread before anything that is posted later.
  Engine();
  // Blocks: only on a thread that is none of the engine's.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  rtc::Thread& signalling() { return *signalling_; }
  rtc::Thread& network() { return *network_; }
  AudioPump& audio() { return audio_; }
  VideoPump& video() { return video_; }
  // NULL if libwebrtc refused. Only on the signalling thread.
  webrtc::PeerConnectionFactoryInterface* factory() { return factory_.get(); }

  // Every peer says when it comes and when it has closed.
  void PeerMade();
  void PeerClosed();

 private:
  void MakeFactory();

  std::unique_ptr<rtc::Thread> signalling_;
  std::unique_ptr<rtc::Thread> worker_;
  std::unique_ptr<rtc::Thread> network_;
  VideoPump video_;
  AudioPump audio_;
  rtc::scoped_refptr<PumpedAudioDevice> device_;
  rtc::scoped_refptr<webrtc::PeerConnectionFactoryInterface> factory_;

  std::mutex peers_mutex_;
  std::condition_variable peers_changed_;
  int peers_ = 0;
};

}  // namespace kwr

struct kwr_engine {
  kwr::Engine engine;
};
