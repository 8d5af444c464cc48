// Every bound of imports and exports.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tayori::spool {

inline constexpr std::size_t kImportIdentityBytes = 16;
inline constexpr std::size_t kImportBatchMailsMax = 512;
inline constexpr std::size_t kImportBatchBytesMax = 4 * 1024 * 1024;  // of bodies
inline constexpr std::size_t kImportInlineBytesMax = 1024 * 1024;     // a larger mail comes in pieces
inline constexpr std::size_t kImportPieceBytesMax = 1024 * 1024;
inline constexpr std::size_t kImportUploadsMax = 64;                  // of one stream, not yet in a batch
inline constexpr std::size_t kImportBatchesInFlightMax = 8;
inline constexpr std::size_t kImportKindBytesMax = 64;
inline constexpr std::size_t kImportOriginBytesMax = 4096;
inline constexpr std::size_t kImportFilterMax = 100'000;              // identities in one call

inline constexpr std::uint64_t kImportReportLinesMax = 1'000'000;     // of one import; what is above is counted
inline constexpr std::size_t kImportReportLineBytesMax = 16 * 1024;
inline constexpr int kImportSeverities = 4;                           // common/legacy/report.h
inline constexpr int kUidlSuffixMax = 100;                            // after that a hash makes it unique

inline constexpr int kImportChangesMax = 1'000;  // in one call
inline constexpr std::size_t kUndoMailsPerCommit = 1'000;
inline constexpr int kImportedMailsPerReply = 256;
inline constexpr std::size_t kExportReplyBytes = 256 * 1024;          // about, of one frame

}  // namespace tayori::spool
