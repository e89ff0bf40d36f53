#include "peer.h"

#include <deque>
#include <map>

#include "api/stats/rtc_stats_collector_callback.h"
#include "api/stats/rtc_stats_report.h"

namespace kwr {

namespace {

using Member = webrtc::RTCStatsMemberInterface;

// The records in C, and what they point to.
class Records {
 public:
  explicit Records(const webrtc::RTCStatsReport& report) {
    for (const webrtc::RTCStats& stats : report) {
      std::vector<kwr_member>& members = members_.emplace_back();
      members.push_back({.name = "timestamp", .number = static_cast<double>(stats.timestamp_us()) / 1000});
      for (const Member* member : stats.Members()) {
        if (member->is_defined()) members.push_back(Convert(*member));
      }
      records_.push_back({
          .type = stats.type(), .id = stats.id().c_str(), .members = members.data(), .member_count = members.size()});
    }
  }

  const std::vector<kwr_record>& all() const { return records_; }

 private:
  kwr_member Convert(const Member& member) {
    switch (member.type()) {
      case Member::kBool:
        return Number(member, *member.cast_to<webrtc::RTCStatsMember<bool>>());
      case Member::kInt32:
        return Number(member, *member.cast_to<webrtc::RTCStatsMember<int32_t>>());
      case Member::kUint32:
        return Number(member, *member.cast_to<webrtc::RTCStatsMember<uint32_t>>());
      case Member::kInt64:
        return Number(member, *member.cast_to<webrtc::RTCStatsMember<int64_t>>());
      case Member::kUint64:
        return Number(member, *member.cast_to<webrtc::RTCStatsMember<uint64_t>>());
      case Member::kDouble:
        return Number(member, *member.cast_to<webrtc::RTCStatsMember<double>>());
      default:
        return {.name = member.name(), .text = texts_.emplace_back(member.ValueToString()).c_str()};
    }
  }

  template <typename Value>
  static kwr_member Number(const Member& member, Value value) {
    return {.name = member.name(), .number = static_cast<double>(value)};
  }

  // A deque never moves its elements.
  std::deque<std::string> texts_;
  std::deque<std::vector<kwr_member>> members_;
  std::vector<kwr_record> records_;
};

class Collector : public webrtc::RTCStatsCollectorCallback {
 public:
  explicit Collector(Answer answer) : answer_(std::move(answer)) {}

  void OnStatsDelivered(const rtc::scoped_refptr<const webrtc::RTCStatsReport>& report) override {
    Records records(*report);
    answer_.Give({.code = kwr_code_ok, .records = records.all().data(), .record_count = records.all().size()});
  }

 private:
  Answer answer_;
};

}  // namespace

void Peer::Statistics(Answer answer) {
  connection_->GetStats(rtc::make_ref_counted<Collector>(std::move(answer)).get());
}

}  // namespace kwr
