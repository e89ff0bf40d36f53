#include "peer.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "api/jsep.h"
#include "api/video_codecs/sdp_video_format.h"
#include "media/base/media_constants.h"
#include "pc/session_description.h"

namespace kwr {

namespace {

using Done = absl::AnyInvocable<void(webrtc::RTCError) &&>;

class CreateObserver : public webrtc::CreateSessionDescriptionObserver {
 public:
  explicit CreateObserver(Answer answer) : answer_(std::move(answer)) {}

  void OnSuccess(webrtc::SessionDescriptionInterface* description) override {
    std::unique_ptr<webrtc::SessionDescriptionInterface> owned(description);
    std::string text;
    if (!owned->ToString(&text)) return answer_.Fail(kwr_code_engine, "The description could not be written.");
    answer_.Text(text);
  }

  void OnFailure(webrtc::RTCError error) override { answer_.Finish(error, kwr_code_engine); }

 private:
  Answer answer_;
};

class SetLocalObserver : public webrtc::SetLocalDescriptionObserverInterface {
 public:
  explicit SetLocalObserver(Done done) : done_(std::move(done)) {}
  void OnSetLocalDescriptionComplete(webrtc::RTCError error) override { std::move(done_)(std::move(error)); }

 private:
  Done done_;
};

class SetRemoteObserver : public webrtc::SetRemoteDescriptionObserverInterface {
 public:
  explicit SetRemoteObserver(Done done) : done_(std::move(done)) {}
  void OnSetRemoteDescriptionComplete(webrtc::RTCError error) override { std::move(done_)(std::move(error)); }

 private:
  Done done_;
};

bool IsTelephoneEvent(const cricket::AudioCodec& codec) {
  return absl::EqualsIgnoreCase(codec.name, cricket::kDtmfCodecName);
}

// Whether the engine's factory has it.
bool IsSpeech(const cricket::AudioCodec& codec) {
  return std::ranges::any_of(
      std::initializer_list<const char*>{
          cricket::kOpusCodecName, cricket::kG722CodecName, cricket::kPcmuCodecName, cricket::kPcmaCodecName},
      [&codec](const char* name) { return absl::EqualsIgnoreCase(codec.name, name); });
}

// Of several telephone events libwebrtc sends those with the lowest clock rate, but counts their time with the clock of the
// sound: with Opus, tones of 400 ms take 67. So where the far end understands events with the clock of the codec that it
// prefers, libwebrtc does not learn of the others (RFC 4733 §2.6 wants that clock anyway).
void KeepMatchingTelephoneEvents(cricket::SessionDescription& description) {
  for (cricket::ContentInfo& content : description.contents()) {
    auto* audio = content.media_description() ? content.media_description()->as_audio() : nullptr;
    if (!audio) continue;
    std::vector<cricket::AudioCodec> codecs = audio->codecs();
    auto speech = std::ranges::find_if(codecs, IsSpeech);
    if (speech == codecs.end()) continue;
    auto matches = [rate = speech->clockrate](const auto& codec) { return codec.clockrate == rate; };
    if (std::ranges::none_of(codecs, [&](const auto& codec) { return IsTelephoneEvent(codec) && matches(codec); })) continue;
    std::erase_if(codecs, [&](const auto& codec) { return IsTelephoneEvent(codec) && !matches(codec); });
    audio->set_codecs(codecs);
  }
}

// libwebrtc refuses an offer with video of which it knows no codec, and is good for nothing afterwards. Current browsers reject
// the section and take the rest; so does this engine (R-SDP-88).
void RejectUnknownVideo(cricket::SessionDescription& offer, const webrtc::RtpCapabilities& known) {
  std::vector<webrtc::SdpVideoFormat> formats;
  for (const webrtc::RtpCodecCapability& codec : known.codecs) {
    if (codec.name != cricket::kRtxCodecName && codec.name != cricket::kRedCodecName &&
        codec.name != cricket::kUlpfecCodecName && codec.name != cricket::kFlexfecCodecName) {
      formats.emplace_back(codec.name, codec.parameters);
    }
  }
  for (cricket::ContentInfo& content : offer.contents()) {
    auto* video = content.media_description() ? content.media_description()->as_video() : nullptr;
    if (!video) continue;
    bool usable = std::ranges::any_of(video->codecs(), [&formats](const cricket::VideoCodec& codec) {
      return webrtc::SdpVideoFormat(codec.name, codec.params).IsCodecInList(formats);
    });
    if (!usable) content.rejected = true;
  }
}

}  // namespace

void Peer::CreateOffer(bool ice_restart, Answer answer) {
  webrtc::PeerConnectionInterface::RTCOfferAnswerOptions options;
  options.ice_restart = ice_restart;
  connection_->CreateOffer(rtc::make_ref_counted<CreateObserver>(std::move(answer)).get(), options);
}

void Peer::CreateAnswer(Answer answer) {
  connection_->CreateAnswer(rtc::make_ref_counted<CreateObserver>(std::move(answer)).get(), {});
}

void Peer::SetLocal(webrtc::SdpType type, const std::string& sdp, Answer answer) {
  Parse(Side::kLocal, type, sdp, std::move(answer));
}

void Peer::SetRemote(webrtc::SdpType type, const std::string& sdp, Answer answer) {
  Parse(Side::kRemote, type, sdp, std::move(answer));
}

void Peer::Rollback(Answer answer) {
  bool remote = connection_->signaling_state() == webrtc::PeerConnectionInterface::kHaveRemoteOffer;
  Answer taken_back([this, answer = std::move(answer)](const kwr_result& result) mutable {
    if (result.code != kwr_code_ok) return answer.Give(result);
    Reapply(std::move(answer));
  });
  Set(remote ? Side::kRemote : Side::kLocal, webrtc::CreateSessionDescription(webrtc::SdpType::kRollback, ""),
      kwr_code_engine, std::move(taken_back));
}

// libwebrtc takes back an offer, but leaves the media channels as the offer had made them: after an offer to hold, the far
// end would stay unheard. Setting the descriptions in force once more puts the channels right; nothing is gathered for it.
void Peer::Reapply(Answer answer) {
  const webrtc::SessionDescriptionInterface* local = connection_->current_local_description();
  const webrtc::SessionDescriptionInterface* remote = connection_->current_remote_description();
  if (!local || !remote) return answer.Succeed();
  bool offered = local->GetType() == webrtc::SdpType::kOffer;
  auto offer = (offered ? local : remote)->Clone();
  auto answered = (offered ? remote : local)->Clone();
  Answer half([this, offered, answered = std::move(answered), answer = std::move(answer)](
                  const kwr_result& result) mutable {
    if (result.code != kwr_code_ok) return answer.Give(result);
    Set(offered ? Side::kRemote : Side::kLocal, std::move(answered), kwr_code_engine, std::move(answer));
  });
  Set(offered ? Side::kLocal : Side::kRemote, std::move(offer), kwr_code_engine, std::move(half));
}

void Peer::Parse(Side side, webrtc::SdpType type, const std::string& sdp, Answer answer) {
  webrtc::SdpParseError error;
  auto description = webrtc::CreateSessionDescription(type, sdp, &error);
  if (!description) return answer.Fail(kwr_code_invalid_description, error.description);
  if (side == Side::kRemote) KeepMatchingTelephoneEvents(*description->description());
  if (side == Side::kRemote && type == webrtc::SdpType::kOffer) {
    RejectUnknownVideo(
        *description->description(), engine_.factory()->GetRtpSenderCapabilities(cricket::MEDIA_TYPE_VIDEO));
  }
  Set(side, std::move(description), kwr_code_invalid_description, std::move(answer));
}

void Peer::Set(
    Side side, std::unique_ptr<webrtc::SessionDescriptionInterface> description, kwr_code refused, Answer answer) {
  // libwebrtc begins to gather after its observer has returned, on the network thread. Whoever asks for the gathering state
  // after the answer must not hear that the gathering of the description before is complete: hence by the network thread.
  Done done = [this, refused, answer = std::move(answer)](webrtc::RTCError error) mutable {
    engine_.network().PostTask([this, refused, answer = std::move(answer), error = std::move(error)]() mutable {
      engine_.signalling().PostTask([this, refused, answer = std::move(answer), error = std::move(error)]() mutable {
        Bind();
        answer.Finish(error, refused);
      });
    });
  };
  if (side == Side::kLocal) {
    connection_->SetLocalDescription(
        std::move(description), rtc::make_ref_counted<SetLocalObserver>(std::move(done)));
  } else {
    connection_->SetRemoteDescription(
        std::move(description), rtc::make_ref_counted<SetRemoteObserver>(std::move(done)));
  }
}

void Peer::LocalDescription(Answer answer) {
  const webrtc::SessionDescriptionInterface* description = connection_->local_description();
  std::string text;
  if (!description) return answer.Succeed();
  if (!description->ToString(&text)) return answer.Fail(kwr_code_engine, "The description could not be written.");
  answer.Text(text);
}

void Peer::Gathering(Answer answer) {
  answer.Number(connection_->ice_gathering_state());
}

void Peer::AddCandidate(const std::string& text, const std::string& mid, int line_index, Answer answer) {
  if (text.empty()) return answer.Succeed();
  webrtc::SdpParseError error;
  std::unique_ptr<webrtc::IceCandidateInterface> candidate(
      webrtc::CreateIceCandidate(mid, line_index, text, &error));
  if (!candidate) return answer.Fail(kwr_code_invalid_candidate, error.description);
  connection_->AddIceCandidate(std::move(candidate), [answer = std::make_shared<Answer>(std::move(answer))](
                                                         webrtc::RTCError error) {
    if (error.type() == webrtc::RTCErrorType::INVALID_STATE || error.ok()) {
      return answer->Finish(error, kwr_code_invalid_candidate);
    }
    answer->Fail(kwr_code_invalid_candidate, error.message());
  });
}

}  // namespace kwr
