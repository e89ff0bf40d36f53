#include "peer.h"

#include <algorithm>
#include <limits>

#include "api/dtmf_sender_interface.h"
#include "pc/rtp_media_utils.h"
#include "pc/session_description.h"

namespace kwr {

namespace {

constexpr cricket::MediaType kKinds[] = {cricket::MEDIA_TYPE_AUDIO, cricket::MEDIA_TYPE_VIDEO};

bool Alive(const webrtc::RtpTransceiverInterface& transceiver) {
  return !transceiver.stopped() && !transceiver.stopping();
}

// The place of the section; what has none yet comes last.
size_t Section(const webrtc::RtpTransceiverInterface& transceiver, webrtc::PeerConnectionInterface& connection) {
  absl::optional<std::string> mid = transceiver.mid();
  for (const auto* description : {connection.local_description(), connection.remote_description()}) {
    if (!mid || !description) continue;
    const cricket::ContentInfos& sections = description->description()->contents();
    auto found = std::ranges::find(sections, *mid, &cricket::ContentInfo::name);
    if (found != sections.end()) return found - sections.begin();
  }
  return std::numeric_limits<size_t>::max();
}

// Setting the track that is already there would start its stream anew.
void Send(webrtc::RtpSenderInterface& sender, webrtc::MediaStreamTrackInterface* track) {
  if (sender.track() != track) sender.SetTrack(track);
}

}  // namespace

// MARK: - Transceivers

Peer::Transceiver Peer::Find(cricket::MediaType kind) const {
  Transceiver found;
  for (const Transceiver& each : connection_->GetTransceivers()) {
    if (each->media_type() != kind || !Alive(*each)) continue;
    if (!found || (!found->mid() && each->mid())) found = each;
  }
  return found;
}

void Peer::AddTransceiver(cricket::MediaType kind, webrtc::RtpTransceiverDirection direction, Answer answer) {
  webrtc::RTCError error;
  if (Transceiver existing = Find(kind)) {
    existing->sender()->SetStreams({stream_id_});
    error = existing->SetDirectionWithError(direction);
  } else {
    webrtc::RtpTransceiverInit init;
    init.direction = direction;
    init.stream_ids = {stream_id_};
    error = connection_->AddTransceiver(kind, init).MoveError();
  }
  Bind();
  answer.Finish(error, kwr_code_engine);
}

void Peer::Transceivers(Answer answer) {
  Transceiver audio = Find(cricket::MEDIA_TYPE_AUDIO);
  Transceiver video = Find(cricket::MEDIA_TYPE_VIDEO);
  if (!audio || !video) return answer.Text(audio ? "audio" : video ? "video" : "");
  bool video_first = Section(*video, *connection_) < Section(*audio, *connection_);
  answer.Text(video_first ? "video audio" : "audio video");
}

void Peer::SetDirection(cricket::MediaType kind, webrtc::RtpTransceiverDirection direction, Answer answer) {
  Transceiver transceiver = Find(kind);
  if (!transceiver) return answer.Fail(kwr_code_invalid_state, "There is no transceiver of this kind.");
  answer.Finish(transceiver->SetDirectionWithError(direction), kwr_code_engine);
}

// MARK: - Tracks

void Peer::Bind() {
  for (cricket::MediaType kind : kKinds) StopSurplus(kind);
  if (Transceiver audio = Find(cricket::MEDIA_TYPE_AUDIO)) {
    Send(*audio->sender(), has_microphone_ ? audio_track_.get() : nullptr);
    auto* track = static_cast<webrtc::AudioTrackInterface*>(audio->receiver()->track().get());
    if (track != remote_audio_track_) {
      if (remote_audio_track_) remote_audio_track_->RemoveSink(&remote_audio_);
      remote_audio_track_ = track;
      track->AddSink(&remote_audio_);
    }
  }
  if (Transceiver video = Find(cricket::MEDIA_TYPE_VIDEO)) {
    Send(*video->sender(), has_camera_ ? video_track_.get() : nullptr);
    auto* track = static_cast<webrtc::VideoTrackInterface*>(video->receiver()->track().get());
    if (track != remote_video_track_) {
      if (remote_video_track_) remote_video_track_->RemoveSink(&remote_video_);
      remote_video_track_ = track;
      track->AddOrUpdateSink(&remote_video_, rtc::VideoSinkWants());
    }
  }
  for (cricket::MediaType kind : kKinds) Activate(kind);
}

// A new transceiver, and a sender that a description has given a stream, begin with active encodings: hence in `Bind` as well.
webrtc::RTCError Peer::Activate(cricket::MediaType kind) {
  Transceiver transceiver = Find(kind);
  if (!transceiver) return webrtc::RTCError::OK();
  bool active = kind == cricket::MEDIA_TYPE_AUDIO ? audio_sending_ : video_sending_;
  webrtc::RtpParameters parameters = transceiver->sender()->GetParameters();
  bool differs = false;
  for (webrtc::RtpEncodingParameters& encoding : parameters.encodings) {
    differs |= encoding.active != active;
    encoding.active = active;
  }
  return differs ? transceiver->sender()->SetParameters(parameters) : webrtc::RTCError::OK();
}

// A remote offer makes a transceiver even where this end has added one that has no section yet. The next offer of this end
// would give that one a section of its own; there is to be at most one of a kind (R-UP-2), so it goes.
void Peer::StopSurplus(cricket::MediaType kind) {
  Transceiver kept = Find(kind);
  for (const Transceiver& each : connection_->GetTransceivers()) {
    if (each == kept || each->media_type() != kind || !Alive(*each) || each->mid()) continue;
    each->sender()->SetTrack(nullptr);
    each->StopStandard();
  }
}

void Peer::Unbind() {
  if (remote_audio_track_) remote_audio_track_->RemoveSink(&remote_audio_);
  if (remote_video_track_) remote_video_track_->RemoveSink(&remote_video_);
  remote_audio_track_ = nullptr;
  remote_video_track_ = nullptr;
}

void Peer::SetMicrophone(Owned<kwr_audio_source> source, Answer answer) {
  bool wanted = static_cast<bool>(source);
  if (wanted && !audio_source_) {
    audio_source_ = rtc::make_ref_counted<LocalAudioSource>();
    audio_track_ = engine_.factory()->CreateAudioTrack("audio", audio_source_.get());
    audio_source_->SetMuted(!audio_enabled_);
  }
  if (audio_source_) audio_source_->SetReader(std::move(source));
  if (wanted && !has_microphone_) engine_.audio().Add(audio_source_);
  if (!wanted && has_microphone_) engine_.audio().Remove(audio_source_.get());
  has_microphone_ = wanted;
  Bind();
  answer.Succeed();
}

void Peer::SetCamera(Owned<kwr_video_source> source, Answer answer) {
  bool wanted = static_cast<bool>(source);
  bool is_screen = wanted && source->is_screen;
  if (wanted && !video_source_) {
    video_source_ = rtc::make_ref_counted<LocalVideoSource>();
    video_track_ = engine_.factory()->CreateVideoTrack("video", video_source_.get());
    video_track_->set_enabled(video_enabled_);
  }
  if (video_source_) video_source_->SetReader(std::move(source));
  if (wanted && !has_camera_) engine_.video().Add(video_source_);
  if (!wanted && has_camera_) engine_.video().Remove(video_source_.get());
  has_camera_ = wanted;
  if (wanted) {
    using Hint = webrtc::VideoTrackInterface::ContentHint;
    video_track_->set_content_hint(is_screen ? Hint::kDetailed : Hint::kNone);
  }
  Bind();
  answer.Succeed();
}

void Peer::SetAudioSink(Owned<kwr_audio_sink> sink, Answer answer) {
  remote_audio_.SetReceiver(std::move(sink));
  answer.Succeed();
}

void Peer::SetVideoSink(Owned<kwr_video_sink> sink, Answer answer) {
  remote_video_.SetReceiver(std::move(sink));
  answer.Succeed();
}

void Peer::SetEnabled(cricket::MediaType kind, bool enabled, Answer answer) {
  if (kind == cricket::MEDIA_TYPE_AUDIO) {
    audio_enabled_ = enabled;
    if (audio_source_) audio_source_->SetMuted(!enabled);
  } else {
    video_enabled_ = enabled;
    if (video_track_) video_track_->set_enabled(enabled);
  }
  answer.Succeed();
}

void Peer::SetSending(cricket::MediaType kind, bool sending, Answer answer) {
  (kind == cricket::MEDIA_TYPE_AUDIO ? audio_sending_ : video_sending_) = sending;
  answer.Finish(Activate(kind), kwr_code_engine);
}

// MARK: - Tones

bool Peer::SendsAudio() const {
  using State = webrtc::PeerConnectionInterface::PeerConnectionState;
  Transceiver audio = Find(cricket::MEDIA_TYPE_AUDIO);
  auto direction = audio ? audio->current_direction() : absl::nullopt;
  return audio_sending_ && connection_->peer_connection_state() == State::kConnected && direction &&
         webrtc::RtpTransceiverDirectionHasSend(*direction);
}

void Peer::CanSendDTMF(Answer answer) {
  answer.Number(SendsAudio() && Find(cricket::MEDIA_TYPE_AUDIO)->sender()->GetDtmfSender()->CanInsertDtmf());
}

void Peer::SendDTMF(const std::string& tones, int duration, int gap, Answer answer) {
  if (!SendsAudio()) return answer.Fail(kwr_code_invalid_state, "No audio is being sent.");
  auto sender = Find(cricket::MEDIA_TYPE_AUDIO)->sender()->GetDtmfSender();
  if (!sender->CanInsertDtmf()) {
    return answer.Fail(kwr_code_unsupported, "The far end does not take telephone events.");
  }
  // libwebrtc forgets what it has not sent yet when it is given something new.
  if (!sender->InsertDtmf(sender->tones() + tones, duration, gap)) {
    return answer.Fail(kwr_code_engine, "The tones were refused.");
  }
  answer.Succeed();
}

}  // namespace kwr
