#include "peer.h"

namespace kwr {

namespace {

using webrtc::PeerConnectionInterface;

kwr_ice State(PeerConnectionInterface::IceConnectionState state) {
  switch (state) {
    case PeerConnectionInterface::kIceConnectionChecking:
      return kwr_ice_checking;
    case PeerConnectionInterface::kIceConnectionConnected:
      return kwr_ice_connected;
    case PeerConnectionInterface::kIceConnectionCompleted:
      return kwr_ice_completed;
    case PeerConnectionInterface::kIceConnectionFailed:
      return kwr_ice_failed;
    case PeerConnectionInterface::kIceConnectionDisconnected:
      return kwr_ice_disconnected;
    case PeerConnectionInterface::kIceConnectionClosed:
      return kwr_ice_closed;
    case PeerConnectionInterface::kIceConnectionNew:
    case PeerConnectionInterface::kIceConnectionMax:
      return kwr_ice_new;
  }
}

kwr_gathering State(PeerConnectionInterface::IceGatheringState state) {
  switch (state) {
    case PeerConnectionInterface::kIceGatheringNew:
      return kwr_gathering_new;
    case PeerConnectionInterface::kIceGatheringGathering:
      return kwr_gathering_gathering;
    case PeerConnectionInterface::kIceGatheringComplete:
      return kwr_gathering_complete;
  }
}

}  // namespace

Peer::Peer(Engine& engine, Owned<kwr_observer> observer) : engine_(engine), observer_(std::move(observer)) {
  engine_.PeerMade();
}

// MARK: - Order

void Peer::Submit(Answer answer, Operation operation) {
  Enqueue(std::move(answer), [operation = std::move(operation)](Peer& peer, Answer answer) mutable {
    // An answer that is dropped says `closed`.
    if (peer.connection_) std::move(operation)(peer, std::move(answer));
  });
}

void Peer::SubmitOpen(std::unique_ptr<kwr_configuration> configuration, Answer answer) {
  Enqueue(std::move(answer), [configuration = std::move(configuration)](Peer& peer, Answer answer) {
    peer.Open(*configuration, std::move(answer));
  });
}

void Peer::SubmitServers(std::unique_ptr<kwr_configuration> configuration, Answer answer) {
  Submit(std::move(answer), [configuration = std::move(configuration)](Peer& peer, Answer answer) {
    peer.SetServers(*configuration, std::move(answer));
  });
}

void Peer::SubmitClose(Answer answer) {
  Enqueue(std::move(answer), &Peer::Close);
}

void Peer::Enqueue(Answer answer, Operation operation) {
  engine_.signalling().PostTask(
      [self = shared_from_this(), answer = std::move(answer), operation = std::move(operation)]() mutable {
        self->queue_.emplace_back(std::move(answer), std::move(operation));
        self->RunNext();
      });
}

void Peer::RunNext() {
  if (busy_ || queue_.empty()) return;
  busy_ = true;
  auto [outer, operation] = std::move(queue_.front());
  queue_.pop_front();
  Answer inner([self = shared_from_this(), outer = std::move(outer)](const kwr_result& result) mutable {
    outer.Give(result);
    // Posted, not called: an operation may answer before it returns.
    self->engine_.signalling().PostTask([self] {
      self->busy_ = false;
      self->RunNext();
    });
  });
  std::move(operation)(*this, std::move(inner));
}

// MARK: - Life

void Peer::Open(const kwr_configuration& configuration, Answer answer) {
  stream_id_ = configuration.stream_id;
  webrtc::PeerConnectionFactoryInterface* factory = engine_.factory();
  if (!factory) return answer.Fail(kwr_code_engine, "libwebrtc's factory could not be made.");
  auto made = factory->CreatePeerConnectionOrError(configuration.rtc, webrtc::PeerConnectionDependencies(this));
  if (!made.ok()) return answer.Finish(made.error(), kwr_code_engine);
  connection_ = made.MoveValue();
  answer.Succeed();
}

void Peer::SetServers(const kwr_configuration& configuration, Answer answer) {
  auto changed = connection_->GetConfiguration();
  changed.servers = configuration.rtc.servers;
  answer.Finish(connection_->SetConfiguration(changed), kwr_code_engine);
}

void Peer::Close(Answer answer) {
  // 1. No thread calls a sink any more.
  Unbind();
  remote_audio_.SetReceiver({});
  remote_video_.SetReceiver({});
  // 2. No thread calls a source any more.
  if (audio_source_) {
    engine_.audio().Remove(audio_source_.get());
    audio_source_->SetReader({});
  }
  if (video_source_) {
    engine_.video().Remove(video_source_.get());
    video_source_->SetReader({});
  }
  // 3. The connection, then what it referred to.
  if (connection_) connection_->Close();
  connection_ = nullptr;
  audio_track_ = nullptr;
  video_track_ = nullptr;
  audio_source_ = nullptr;
  video_source_ = nullptr;
  // 4. Nothing happens to the peer any more.
  if (observer_) observer_->ice(observer_->context, kwr_ice_closed);
  observer_ = {};
  answer.Succeed();
  engine_.PeerClosed();
}

// MARK: - webrtc::PeerConnectionObserver

void Peer::OnStandardizedIceConnectionChange(PeerConnectionInterface::IceConnectionState state) {
  // Closing is reported by `Close`, after everything else.
  if (state != PeerConnectionInterface::kIceConnectionClosed) observer_->ice(observer_->context, State(state));
}

void Peer::OnIceGatheringChange(PeerConnectionInterface::IceGatheringState state) {
  observer_->gathering(observer_->context, State(state));
}

void Peer::OnIceCandidate(const webrtc::IceCandidateInterface* candidate) {
  std::string text;
  if (!candidate->ToString(&text)) return;
  observer_->candidate(
      observer_->context, text.c_str(), candidate->sdp_mid().c_str(), candidate->sdp_mline_index());
}

void Peer::OnTrack(rtc::scoped_refptr<webrtc::RtpTransceiverInterface> transceiver) {
  bool audio = transceiver->media_type() == cricket::MEDIA_TYPE_AUDIO;
  observer_->remote_track(observer_->context, audio ? kwr_kind_audio : kwr_kind_video);
}

}  // namespace kwr
