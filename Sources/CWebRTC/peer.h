// One peer connection, driven from the signalling thread.
#pragma once

#include "prelude.h"

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "api/peer_connection_interface.h"
#include "audio.h"
#include "callback.h"
#include "engine.h"
#include "video.h"

struct kwr_configuration {
  webrtc::PeerConnectionInterface::RTCConfiguration rtc;
  std::string stream_id;
};

namespace kwr {

// Everything but `Submit` happens on the signalling thread. The object lives as long as an operation refers to it, and at
// least until `Close` has run; `Close` gives everything back in the order that it documents.
class Peer : public std::enable_shared_from_this<Peer>, private webrtc::PeerConnectionObserver {
 public:
  using Operation = absl::AnyInvocable<void(Peer&, Answer) &&>;

  Peer(Engine& engine, Owned<kwr_observer> observer);

  // Queues an operation. It begins when the one before has answered; without a connection it is answered `closed` instead.
  void Submit(Answer answer, Operation operation);
  // The first operation and the last.
  void SubmitOpen(std::unique_ptr<kwr_configuration> configuration, Answer answer);
  void SubmitServers(std::unique_ptr<kwr_configuration> configuration, Answer answer);
  void SubmitClose(Answer answer);

  // Descriptions (peer_descriptions.cpp)
  void CreateOffer(bool ice_restart, Answer answer);
  void CreateAnswer(Answer answer);
  void SetLocal(webrtc::SdpType type, const std::string& sdp, Answer answer);
  void SetRemote(webrtc::SdpType type, const std::string& sdp, Answer answer);
  void Rollback(Answer answer);
  void LocalDescription(Answer answer);
  void Gathering(Answer answer);
  void AddCandidate(const std::string& candidate, const std::string& mid, int line_index, Answer answer);

  // Transceivers and tracks (peer_media.cpp)
  void AddTransceiver(cricket::MediaType kind, webrtc::RtpTransceiverDirection direction, Answer answer);
  void Transceivers(Answer answer);
  void SetDirection(cricket::MediaType kind, webrtc::RtpTransceiverDirection direction, Answer answer);
  void SetMicrophone(Owned<kwr_audio_source> source, Answer answer);
  void SetCamera(Owned<kwr_video_source> source, Answer answer);
  void SetAudioSink(Owned<kwr_audio_sink> sink, Answer answer);
  void SetVideoSink(Owned<kwr_video_sink> sink, Answer answer);
  void SetEnabled(cricket::MediaType kind, bool enabled, Answer answer);
  void SetSending(cricket::MediaType kind, bool sending, Answer answer);
  void CanSendDTMF(Answer answer);
  void SendDTMF(const std::string& tones, int duration, int gap, Answer answer);

  // Statistics (statistics.cpp)
  void Statistics(Answer answer);

 private:
  using Transceiver = rtc::scoped_refptr<webrtc::RtpTransceiverInterface>;

  void Enqueue(Answer answer, Operation operation);
  void RunNext();
  void Open(const kwr_configuration& configuration, Answer answer);
  void SetServers(const kwr_configuration& configuration, Answer answer);
  void Close(Answer answer);

  enum class Side { kLocal, kRemote };
  // Answers after everything has been handled here that the network thread reported until then.
  void Set(
      Side side, std::unique_ptr<webrtc::SessionDescriptionInterface> description, kwr_code refused, Answer answer);
  void Reapply(Answer answer);
  void Parse(Side side, webrtc::SdpType type, const std::string& sdp, Answer answer);

  // The transceiver of this kind that has, or will get, the section: never one that has been stopped. NULL if there is none.
  Transceiver Find(cricket::MediaType kind) const;
  // Brings tracks and sinks to the transceivers that are current now.
  void Bind();
  // Makes the encodings of a kind active or not, as `SetSending` wants them.
  webrtc::RTCError Activate(cricket::MediaType kind);
  bool SendsAudio() const;
  void StopSurplus(cricket::MediaType kind);
  // Takes the sinks off the far end's tracks.
  void Unbind();

  // webrtc::PeerConnectionObserver
  void OnSignalingChange(webrtc::PeerConnectionInterface::SignalingState) override {}
  void OnDataChannel(rtc::scoped_refptr<webrtc::DataChannelInterface>) override {}
  void OnStandardizedIceConnectionChange(webrtc::PeerConnectionInterface::IceConnectionState state) override;
  void OnIceGatheringChange(webrtc::PeerConnectionInterface::IceGatheringState state) override;
  void OnIceCandidate(const webrtc::IceCandidateInterface* candidate) override;
  void OnTrack(rtc::scoped_refptr<webrtc::RtpTransceiverInterface> transceiver) override;

  Engine& engine_;
  Owned<kwr_observer> observer_;
  std::string stream_id_;

  std::deque<std::pair<Answer, Operation>> queue_;
  bool busy_ = false;

  rtc::scoped_refptr<webrtc::PeerConnectionInterface> connection_;

  // What is sent. Source and track are made with the first microphone or camera and then stay.
  rtc::scoped_refptr<LocalAudioSource> audio_source_;
  rtc::scoped_refptr<LocalVideoSource> video_source_;
  rtc::scoped_refptr<webrtc::AudioTrackInterface> audio_track_;
  rtc::scoped_refptr<webrtc::VideoTrackInterface> video_track_;
  bool has_microphone_ = false;
  bool has_camera_ = false;
  bool audio_enabled_ = true;
  bool video_enabled_ = true;
  bool audio_sending_ = true;
  bool video_sending_ = true;

  // What is received, and the tracks that the sinks are on.
  RemoteAudio remote_audio_;
  RemoteVideo remote_video_;
  rtc::scoped_refptr<webrtc::AudioTrackInterface> remote_audio_track_;
  rtc::scoped_refptr<webrtc::VideoTrackInterface> remote_video_track_;
};

}  // namespace kwr
