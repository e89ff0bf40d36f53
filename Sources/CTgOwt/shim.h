/* Nothing for Swift: this module only makes SwiftPM pass the flags of tg_owt.pc to CWebRTC, which is C++. */
