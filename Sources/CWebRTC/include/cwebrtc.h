// What Kandy needs of libwebrtc, in C.
//
// THREADS. An engine owns five threads: libwebrtc's signalling, worker and network threads, an audio pump and a video pump.
// No function here waits: each hands its work to the signalling thread and answers through a `kwr_done`, which is called
// exactly once, on the signalling thread unless said otherwise. Every callback must return quickly and must not wait for
// anything that happens on a thread of the engine; calling a function of this header from a callback is allowed.
//
// ORDER. The operations of one peer take effect one after another in the order in which they were called; each begins when
// the one before has answered.
//
// STRINGS AND STRUCTURES passed in are copied before the function returns; those passed to a callback are valid during the
// callback only.
//
// OWNERSHIP. `kwr_engine` and `kwr_peer` are owned by whoever made them and are given back by exactly one `kwr_engine_end`
// or `kwr_peer_release`. `kwr_picture` is counted. A structure with a `release` (an observer, a source, a sink) hands over
// one reference to its `context`; `release(context)` is called exactly once, on a thread of the engine, after the last call
// of its other functions. An all-zero structure means "none".
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KWR_ENUM(name) enum __attribute__((enum_extensibility(closed))) name : int32_t

typedef struct kwr_engine kwr_engine;
typedef struct kwr_configuration kwr_configuration;
typedef struct kwr_peer kwr_peer;
typedef struct kwr_picture kwr_picture;

// MARK: - Answers

typedef KWR_ENUM(kwr_code) {
  kwr_code_ok,
  kwr_code_closed,
  kwr_code_invalid_state,
  kwr_code_invalid_description,
  kwr_code_invalid_candidate,
  kwr_code_unsupported,
  kwr_code_engine,
} kwr_code;

// One member of a statistics object: a text, or, if `text` is NULL, a number.
typedef struct {
  const char *name;
  const char *text;
  double number;
} kwr_member;

// One statistics object.
typedef struct {
  const char *type;
  const char *id;
  const kwr_member *members;
  size_t member_count;
} kwr_record;

// How an operation ended, and what it yielded.
typedef struct {
  kwr_code code;
  // With an error: libwebrtc's text. Otherwise what was asked for, or NULL.
  const char *text;
  // The state that was asked for.
  int32_t number;
  // The statistics that were asked for.
  const kwr_record *records;
  size_t record_count;
} kwr_result;

typedef void (*kwr_done)(void *context, const kwr_result *result);

// MARK: - Pictures

// A picture in planar YUV 4:2:0. Immutable, counted, usable from any thread.
typedef struct {
  const uint8_t *y;
  const uint8_t *u;
  const uint8_t *v;
  int32_t stride_y;
  int32_t stride_u;
  int32_t stride_v;
  int32_t width;
  int32_t height;
} kwr_planes;

// Copies the planes into a new picture, which the caller has to release. NULL if the size is not positive.
kwr_picture *kwr_picture_copy(const kwr_planes *planes);
void kwr_picture_retain(kwr_picture *picture);
void kwr_picture_release(kwr_picture *picture);
// The planes are valid as long as the picture is.
kwr_planes kwr_picture_planes(kwr_picture *picture);

// MARK: - Engine

// Makes an engine and begins to start it. Never fails; `kwr_engine_check` tells whether it started.
kwr_engine *kwr_engine_make(void);
// Answers `engine` if libwebrtc's factory could not be made.
void kwr_engine_check(kwr_engine *engine, void *context, kwr_done done);
// Ends the engine and its threads and frees it. Every peer of the engine must have been released (its closing may still
// be under way), and nothing may be called with `engine` afterwards. `done` (may be NULL) is called on a thread of its own
// when all threads of the engine have ended.
void kwr_engine_end(kwr_engine *engine, void *context, kwr_done done);

// MARK: - Configuration of a peer

typedef KWR_ENUM(kwr_bundle) { kwr_bundle_balanced, kwr_bundle_max_compat, kwr_bundle_max_bundle } kwr_bundle;

// Rtcp-mux negotiated, candidates gathered once, a certificate of its own, no candidate pool.
kwr_configuration *kwr_configuration_make(const char *stream_id, kwr_bundle bundle, bool relay_only);
// Adds a server; `kwr_configuration_add_url` then adds URLs to it. `username` and `password` may be NULL.
void kwr_configuration_add_server(kwr_configuration *configuration, const char *username, const char *password);
void kwr_configuration_add_url(kwr_configuration *configuration, const char *url);

// MARK: - Peer

typedef KWR_ENUM(kwr_kind) { kwr_kind_audio, kwr_kind_video } kwr_kind;
typedef KWR_ENUM(kwr_direction) {
  kwr_direction_sendrecv,
  kwr_direction_sendonly,
  kwr_direction_recvonly,
  kwr_direction_inactive,
} kwr_direction;
typedef KWR_ENUM(kwr_type) { kwr_type_offer, kwr_type_answer, kwr_type_pranswer } kwr_type;
typedef KWR_ENUM(kwr_gathering) {
  kwr_gathering_new,
  kwr_gathering_gathering,
  kwr_gathering_complete,
} kwr_gathering;
typedef KWR_ENUM(kwr_ice) {
  kwr_ice_new,
  kwr_ice_checking,
  kwr_ice_connected,
  kwr_ice_completed,
  kwr_ice_failed,
  kwr_ice_disconnected,
  kwr_ice_closed,
} kwr_ice;

// What happens to a peer, in order, on the signalling thread.
typedef struct {
  void *context;
  void (*release)(void *context);
  void (*ice)(void *context, kwr_ice state);
  void (*gathering)(void *context, kwr_gathering state);
  void (*candidate)(void *context, const char *candidate, const char *mid, int32_t line_index);
  void (*remote_track)(void *context, kwr_kind kind);
} kwr_observer;

// 10 ms of audio to be sent: `read` fills 480 samples (mono, 48 kHz). Called on the audio pump.
typedef struct {
  void *context;
  void (*release)(void *context);
  void (*read)(void *context, int16_t *samples);
} kwr_audio_source;

// 10 ms of received audio, interleaved. Called on the audio pump.
typedef struct {
  void *context;
  void (*release)(void *context);
  void (*receive)(void *context, const int16_t *samples, int32_t sample_rate, int32_t channels, int32_t frames);
} kwr_audio_sink;

// Pictures to be sent: `next` returns a reference that the engine releases, or NULL if there is no new picture.
// `rotation` is in degrees, `timestamp` in microseconds from any start. Called on the video pump. `is_screen`: rather fewer
// pictures than blurred ones.
typedef struct {
  void *context;
  void (*release)(void *context);
  kwr_picture *(*next)(void *context, int32_t *rotation, int64_t *timestamp);
  double frames_per_second;
  bool is_screen;
} kwr_video_source;

// A received picture; the callee retains it to keep it. Called on a thread of libwebrtc.
typedef struct {
  void *context;
  void (*release)(void *context);
  void (*render)(void *context, kwr_picture *picture, int32_t rotation, int64_t timestamp);
} kwr_video_sink;

// Makes a peer, which has to be opened before anything else.
kwr_peer *kwr_peer_make(kwr_engine *engine, kwr_observer observer);
// Consumes the configuration. If libwebrtc refuses it, every later operation answers `closed`.
void kwr_peer_open(kwr_peer *peer, kwr_configuration *configuration, void *context, kwr_done done);
// Adds the transceiver of this kind, or takes over the one that a remote offer made.
void kwr_peer_add_transceiver(
    kwr_peer *peer, kwr_kind kind, kwr_direction direction, void *context, kwr_done done);
// `text`: the kinds in section order, separated by blanks: "audio video".
void kwr_peer_transceivers(kwr_peer *peer, void *context, kwr_done done);
void kwr_peer_set_direction(kwr_peer *peer, kwr_kind kind, kwr_direction direction, void *context, kwr_done done);
void kwr_peer_create_offer(kwr_peer *peer, bool ice_restart, void *context, kwr_done done);
void kwr_peer_create_answer(kwr_peer *peer, void *context, kwr_done done);
// Answers after a change of the gathering state that this caused has been observed.
void kwr_peer_set_local(kwr_peer *peer, kwr_type type, const char *sdp, void *context, kwr_done done);
// After an error inside libwebrtc, as against one of syntax or state, it refuses every further description.
void kwr_peer_set_remote(kwr_peer *peer, kwr_type type, const char *sdp, void *context, kwr_done done);
// Takes back whichever offer is pending: descriptions and media are as before it, directions that were set are not.
// Other servers for what is gathered from now on: by a new peer's first description, or after an ICE restart.
void kwr_peer_set_servers(kwr_peer *peer, kwr_configuration *configuration, void *context, kwr_done done);
void kwr_peer_rollback(kwr_peer *peer, void *context, kwr_done done);
// `text`: the pending or current local description with the candidates so far, or NULL.
void kwr_peer_local_description(kwr_peer *peer, void *context, kwr_done done);
// `number`: a `kwr_gathering`.
void kwr_peer_gathering(kwr_peer *peer, void *context, kwr_done done);
// `mid` may be NULL. An empty candidate (end of candidates) is accepted without effect.
void kwr_peer_add_candidate(
    kwr_peer *peer, const char *candidate, const char *mid, int32_t line_index, void *context, kwr_done done);
// Sources and sinks: when the answer comes, what was set before has been released.
void kwr_peer_set_microphone(kwr_peer *peer, kwr_audio_source source, void *context, kwr_done done);
void kwr_peer_set_camera(kwr_peer *peer, kwr_video_source source, void *context, kwr_done done);
void kwr_peer_set_audio_sink(kwr_peer *peer, kwr_audio_sink sink, void *context, kwr_done done);
void kwr_peer_set_video_sink(kwr_peer *peer, kwr_video_sink sink, void *context, kwr_done done);
// A disabled track sends silence or black.
void kwr_peer_set_enabled(kwr_peer *peer, kwr_kind kind, bool enabled, void *context, kwr_done done);
// Whether packets of this kind may leave at all.
void kwr_peer_set_sending(kwr_peer *peer, kwr_kind kind, bool sending, void *context, kwr_done done);
// `number`: 1 if `kwr_peer_send_dtmf` would send, else 0.
void kwr_peer_can_send_dtmf(kwr_peer *peer, void *context, kwr_done done);
// Sends tones behind those that are still to be sent. Milliseconds: duration 40 … 6000, gap at least 30.
void kwr_peer_send_dtmf(
    kwr_peer *peer, const char *tones, int32_t duration, int32_t gap, void *context, kwr_done done);
void kwr_peer_statistics(kwr_peer *peer, void *context, kwr_done done);
// Closes the peer as its last operation and frees the handle: nothing may be called with `peer` afterwards. When `done`
// (may be NULL) is called, sources, sinks and the observer have been released and no thread of the engine uses them.
void kwr_peer_release(kwr_peer *peer, void *context, kwr_done done);

#ifdef __cplusplus
}
#endif
