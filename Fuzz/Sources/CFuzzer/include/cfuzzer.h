// libFuzzer's entry point for programs that have a `main` of their own, as those of SwiftPM do.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef int32_t (*FuzzerCallback)(const uint8_t *data, size_t size);

int LLVMFuzzerRunDriver(int *argc, char ***argv, FuzzerCallback callback);
