// The C interface of a peer: copies what it is given and submits the operation.
#include "peer.h"

using kwr::Answer;
using kwr::Owned;
using kwr::Peer;

struct kwr_peer {
  std::shared_ptr<Peer> peer;
};

namespace {

cricket::MediaType Kind(kwr_kind kind) {
  return kind == kwr_kind_audio ? cricket::MEDIA_TYPE_AUDIO : cricket::MEDIA_TYPE_VIDEO;
}

webrtc::RtpTransceiverDirection Direction(kwr_direction direction) {
  switch (direction) {
    case kwr_direction_sendrecv:
      return webrtc::RtpTransceiverDirection::kSendRecv;
    case kwr_direction_sendonly:
      return webrtc::RtpTransceiverDirection::kSendOnly;
    case kwr_direction_recvonly:
      return webrtc::RtpTransceiverDirection::kRecvOnly;
    case kwr_direction_inactive:
      return webrtc::RtpTransceiverDirection::kInactive;
  }
}

webrtc::SdpType Type(kwr_type type) {
  switch (type) {
    case kwr_type_offer:
      return webrtc::SdpType::kOffer;
    case kwr_type_answer:
      return webrtc::SdpType::kAnswer;
    case kwr_type_pranswer:
      return webrtc::SdpType::kPrAnswer;
  }
}

std::string Text(const char* text) {
  return text ? text : "";
}

}  // namespace

// MARK: - Configuration

kwr_configuration* kwr_configuration_make(const char* stream_id, kwr_bundle bundle, bool relay_only) {
  auto* made = new kwr_configuration;
  using Connection = webrtc::PeerConnectionInterface;
  made->stream_id = stream_id;
  made->rtc.sdp_semantics = webrtc::SdpSemantics::kUnifiedPlan;
  made->rtc.rtcp_mux_policy = Connection::kRtcpMuxPolicyNegotiate;
  made->rtc.continual_gathering_policy = Connection::GATHER_ONCE;
  made->rtc.type = relay_only ? Connection::kRelay : Connection::kAll;
  switch (bundle) {
    case kwr_bundle_balanced:
      made->rtc.bundle_policy = Connection::kBundlePolicyBalanced;
      break;
    case kwr_bundle_max_compat:
      made->rtc.bundle_policy = Connection::kBundlePolicyMaxCompat;
      break;
    case kwr_bundle_max_bundle:
      made->rtc.bundle_policy = Connection::kBundlePolicyMaxBundle;
      break;
  }
  return made;
}

void kwr_configuration_add_server(kwr_configuration* configuration, const char* username, const char* password) {
  auto& server = configuration->rtc.servers.emplace_back();
  server.username = Text(username);
  server.password = Text(password);
}

void kwr_configuration_add_url(kwr_configuration* configuration, const char* url) {
  configuration->rtc.servers.back().urls.push_back(url);
}

// MARK: - Life

kwr_peer* kwr_peer_make(kwr_engine* engine, kwr_observer observer) {
  return new kwr_peer{std::make_shared<Peer>(engine->engine, Owned(observer))};
}

void kwr_peer_open(kwr_peer* peer, kwr_configuration* configuration, void* context, kwr_done done) {
  peer->peer->SubmitOpen(std::unique_ptr<kwr_configuration>(configuration), Answer(context, done));
}

void kwr_peer_release(kwr_peer* peer, void* context, kwr_done done) {
  std::unique_ptr<kwr_peer> owned(peer);
  owned->peer->SubmitClose(Answer(context, done));
}

// MARK: - Transceivers

void kwr_peer_add_transceiver(
    kwr_peer* peer, kwr_kind kind, kwr_direction direction, void* context, kwr_done done) {
  peer->peer->Submit(Answer(context, done), [kind, direction](Peer& peer, Answer answer) {
    peer.AddTransceiver(Kind(kind), Direction(direction), std::move(answer));
  });
}

void kwr_peer_transceivers(kwr_peer* peer, void* context, kwr_done done) {
  peer->peer->Submit(Answer(context, done), &Peer::Transceivers);
}

void kwr_peer_set_direction(kwr_peer* peer, kwr_kind kind, kwr_direction direction, void* context, kwr_done done) {
  peer->peer->Submit(Answer(context, done), [kind, direction](Peer& peer, Answer answer) {
    peer.SetDirection(Kind(kind), Direction(direction), std::move(answer));
  });
}

// MARK: - Descriptions

void kwr_peer_create_offer(kwr_peer* peer, bool ice_restart, void* context, kwr_done done) {
  peer->peer->Submit(Answer(context, done), [ice_restart](Peer& peer, Answer answer) {
    peer.CreateOffer(ice_restart, std::move(answer));
  });
}

void kwr_peer_create_answer(kwr_peer* peer, void* context, kwr_done done) {
  peer->peer->Submit(Answer(context, done), &Peer::CreateAnswer);
}

void kwr_peer_set_local(kwr_peer* peer, kwr_type type, const char* sdp, void* context, kwr_done done) {
  peer->peer->Submit(Answer(context, done), [type, sdp = Text(sdp)](Peer& peer, Answer answer) {
    peer.SetLocal(Type(type), sdp, std::move(answer));
  });
}

void kwr_peer_set_remote(kwr_peer* peer, kwr_type type, const char* sdp, void* context, kwr_done done) {
  peer->peer->Submit(Answer(context, done), [type, sdp = Text(sdp)](Peer& peer, Answer answer) {
    peer.SetRemote(Type(type), sdp, std::move(answer));
  });
}

void kwr_peer_set_servers(kwr_peer* peer, kwr_configuration* configuration, void* context, kwr_done done) {
  peer->peer->SubmitServers(std::unique_ptr<kwr_configuration>(configuration), Answer(context, done));
}

void kwr_peer_rollback(kwr_peer* peer, void* context, kwr_done done) {
  peer->peer->Submit(Answer(context, done), &Peer::Rollback);
}

void kwr_peer_local_description(kwr_peer* peer, void* context, kwr_done done) {
  peer->peer->Submit(Answer(context, done), &Peer::LocalDescription);
}

void kwr_peer_gathering(kwr_peer* peer, void* context, kwr_done done) {
  peer->peer->Submit(Answer(context, done), &Peer::Gathering);
}

void kwr_peer_add_candidate(
    kwr_peer* peer, const char* candidate, const char* mid, int32_t line_index, void* context, kwr_done done) {
  peer->peer->Submit(
      Answer(context, done),
      [candidate = Text(candidate), mid = Text(mid), line_index](Peer& peer, Answer answer) {
        peer.AddCandidate(candidate, mid, line_index, std::move(answer));
      });
}

// MARK: - Sources and sinks

void kwr_peer_set_microphone(kwr_peer* peer, kwr_audio_source source, void* context, kwr_done done) {
  peer->peer->Submit(Answer(context, done), [source = Owned(source)](Peer& peer, Answer answer) mutable {
    peer.SetMicrophone(std::move(source), std::move(answer));
  });
}

void kwr_peer_set_camera(kwr_peer* peer, kwr_video_source source, void* context, kwr_done done) {
  peer->peer->Submit(Answer(context, done), [source = Owned(source)](Peer& peer, Answer answer) mutable {
    peer.SetCamera(std::move(source), std::move(answer));
  });
}

void kwr_peer_set_audio_sink(kwr_peer* peer, kwr_audio_sink sink, void* context, kwr_done done) {
  peer->peer->Submit(Answer(context, done), [sink = Owned(sink)](Peer& peer, Answer answer) mutable {
    peer.SetAudioSink(std::move(sink), std::move(answer));
  });
}

void kwr_peer_set_video_sink(kwr_peer* peer, kwr_video_sink sink, void* context, kwr_done done) {
  peer->peer->Submit(Answer(context, done), [sink = Owned(sink)](Peer& peer, Answer answer) mutable {
    peer.SetVideoSink(std::move(sink), std::move(answer));
  });
}

void kwr_peer_set_enabled(kwr_peer* peer, kwr_kind kind, bool enabled, void* context, kwr_done done) {
  peer->peer->Submit(Answer(context, done), [kind, enabled](Peer& peer, Answer answer) {
    peer.SetEnabled(Kind(kind), enabled, std::move(answer));
  });
}

void kwr_peer_set_sending(kwr_peer* peer, kwr_kind kind, bool sending, void* context, kwr_done done) {
  peer->peer->Submit(Answer(context, done), [kind, sending](Peer& peer, Answer answer) {
    peer.SetSending(Kind(kind), sending, std::move(answer));
  });
}

// MARK: - Tones and statistics

void kwr_peer_can_send_dtmf(kwr_peer* peer, void* context, kwr_done done) {
  peer->peer->Submit(Answer(context, done), &Peer::CanSendDTMF);
}

void kwr_peer_send_dtmf(
    kwr_peer* peer, const char* tones, int32_t duration, int32_t gap, void* context, kwr_done done) {
  peer->peer->Submit(Answer(context, done), [tones = Text(tones), duration, gap](Peer& peer, Answer answer) {
    peer.SendDTMF(tones, duration, gap, std::move(answer));
  });
}

void kwr_peer_statistics(kwr_peer* peer, void* context, kwr_done done) {
  peer->peer->Submit(Answer(context, done), &Peer::Statistics);
}
