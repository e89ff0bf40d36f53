#include "video.h"

#include <algorithm>

#include "rtc_base/time_utils.h"

namespace kwr {

namespace {

webrtc::VideoRotation Rotation(int degrees) {
  switch (degrees) {
    case 90:
      return webrtc::kVideoRotation_90;
    case 180:
      return webrtc::kVideoRotation_180;
    case 270:
      return webrtc::kVideoRotation_270;
    default:
      return webrtc::kVideoRotation_0;
  }
}

}  // namespace

// MARK: - LocalVideoSource

void LocalVideoSource::SetReader(Owned<kwr_video_source> reader) {
  std::lock_guard lock(mutex_);
  std::swap(reader_, reader);
  if (!reader_) return;
  double rate = std::clamp(reader_->frames_per_second, 1.0, 120.0);
  period_ = std::chrono::nanoseconds(static_cast<int64_t>(1e9 / rate));
}

void LocalVideoSource::Pull() {
  std::lock_guard lock(mutex_);
  if (!reader_) return;
  int32_t rotation = 0;
  int64_t timestamp = 0;
  kwr_picture* picture = reader_->next(reader_->context, &rotation, &timestamp);
  if (!picture) return;
  rtc::scoped_refptr<webrtc::I420BufferInterface> buffer(Buffer(picture));
  kwr_picture_release(picture);
  Deliver(std::move(buffer), rotation, timestamp);
}

void LocalVideoSource::Deliver(
    rtc::scoped_refptr<webrtc::I420BufferInterface> picture, int rotation, int64_t timestamp) {
  int64_t now = rtc::TimeMicros();
  int64_t time = aligner_.TranslateTimestamp(timestamp, now);
  int width, height, crop_width, crop_height, x, y;
  if (!AdaptFrame(
          picture->width(), picture->height(), time, &width, &height, &crop_width, &crop_height, &x, &y)) {
    return;
  }
  rtc::scoped_refptr<webrtc::VideoFrameBuffer> adapted = picture;
  if (width != picture->width() || height != picture->height()) {
    auto scaled = webrtc::I420Buffer::Create(width, height);
    scaled->CropAndScaleFrom(*picture, x, y, crop_width, crop_height);
    adapted = scaled;
  }
  OnFrame(webrtc::VideoFrame::Builder()
              .set_video_frame_buffer(adapted)
              .set_rotation(Rotation(rotation))
              .set_timestamp_us(time)
              .build());
}

// MARK: - RemoteVideo

void RemoteVideo::SetReceiver(Owned<kwr_video_sink> receiver) {
  std::lock_guard lock(mutex_);
  std::swap(receiver_, receiver);
}

void RemoteVideo::OnFrame(const webrtc::VideoFrame& frame) {
  std::lock_guard lock(mutex_);
  if (!receiver_) return;
  rtc::scoped_refptr<webrtc::I420BufferInterface> buffer = frame.video_frame_buffer()->ToI420();
  if (!buffer) return;
  receiver_->render(receiver_->context, Picture(buffer.get()), frame.rotation(), frame.timestamp_us());
}

// MARK: - VideoPump

VideoPump::VideoPump()
    : thread_(rtc::PlatformThread::SpawnJoinable([this] { Run(); }, "kandy-video")) {}

VideoPump::~VideoPump() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.Finalize();
}

void VideoPump::Add(rtc::scoped_refptr<LocalVideoSource> source) {
  {
    std::lock_guard lock(mutex_);
    entries_.push_back({std::move(source), Clock::now()});
  }
  changed_.notify_all();
}

void VideoPump::Remove(const LocalVideoSource* source) {
  std::lock_guard lock(mutex_);
  std::erase_if(entries_, [source](const Entry& entry) { return entry.source.get() == source; });
}

void VideoPump::Run() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    if (entries_.empty()) {
      changed_.wait(lock);
      continue;
    }
    auto due = TakeDue(Clock::now());
    if (due.empty()) {
      auto next = std::ranges::min(entries_, {}, &Entry::deadline).deadline;
      changed_.wait_until(lock, next);
      continue;
    }
    lock.unlock();
    for (const auto& source : due) source->Pull();
    due.clear();
    lock.lock();
  }
}

std::vector<rtc::scoped_refptr<LocalVideoSource>> VideoPump::TakeDue(Clock::time_point now) {
  std::vector<rtc::scoped_refptr<LocalVideoSource>> due;
  for (Entry& entry : entries_) {
    if (entry.deadline > now) continue;
    due.push_back(entry.source);
    // A picture that was missed is not made up for: the next one is due one period from its deadline or from now.
    entry.deadline += entry.source->period();
    if (entry.deadline <= now) entry.deadline = now + entry.source->period();
  }
  return due;
}

}  // namespace kwr

// MARK: - C interface

kwr_picture* kwr_picture_copy(const kwr_planes* planes) {
  if (planes->width <= 0 || planes->height <= 0) return nullptr;
  return kwr::Picture(webrtc::I420Buffer::Copy(
                          planes->width, planes->height, planes->y, planes->stride_y, planes->u, planes->stride_u,
                          planes->v, planes->stride_v)
                          .release());
}

void kwr_picture_retain(kwr_picture* picture) {
  kwr::Buffer(picture)->AddRef();
}

void kwr_picture_release(kwr_picture* picture) {
  kwr::Buffer(picture)->Release();
}

kwr_planes kwr_picture_planes(kwr_picture* picture) {
  const webrtc::I420BufferInterface* buffer = kwr::Buffer(picture);
  return {
      .y = buffer->DataY(),
      .u = buffer->DataU(),
      .v = buffer->DataV(),
      .stride_y = buffer->StrideY(),
      .stride_u = buffer->StrideU(),
      .stride_v = buffer->StrideV(),
      .width = buffer->width(),
      .height = buffer->height(),
  };
}
