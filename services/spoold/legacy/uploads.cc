#include "spoold/legacy/uploads.h"

#include "spoold/legacy/limits.h"

namespace tayori::spool {

ImportUploads::~ImportUploads() {
    for (const auto& [number, upload] : uploads_) staging_.abandon(upload.id);
}

Result<void> ImportUploads::add_to(Upload& upload, const v1::ImportPiece& piece) {
    upload.bytes += piece.data().size();
    if (upload.bytes > bytes_max_) return fail(Kind::too_big, "The message is too large.");
    if (auto added = staging_.append(upload.id, piece.data()); !added) return added;
    if (!piece.last()) return {};
    upload.finished = true;
    if (auto finished = staging_.finish(upload.id); !finished) return fail(std::move(finished.error()));
    return {};
}

Result<void> ImportUploads::add(const v1::ImportPiece& piece) {
    if (piece.data().size() > kImportPieceBytesMax) return fail(Kind::invalid, "The piece is too long.");
    auto at = uploads_.find(piece.upload());
    if (at == uploads_.end()) {
        if (uploads_.size() >= kImportUploadsMax) return fail(Kind::invalid, "Too many uploads.");
        auto id = staging_.begin();
        if (!id) return fail(std::move(id.error()));
        at = uploads_.emplace(piece.upload(), Upload{*id, 0, false}).first;
    }
    if (at->second.finished) return fail(Kind::invalid, "This upload has come to its end.");
    return add_to(at->second, piece);
}

std::optional<store::UploadId> ImportUploads::take(std::uint32_t upload) {
    const auto at = uploads_.find(upload);
    if (at == uploads_.end() || !at->second.finished) return std::nullopt;
    const auto id = at->second.id;
    uploads_.erase(at);
    return id;
}

}  // namespace tayori::spool
