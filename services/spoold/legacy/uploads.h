// Large mails of one stream of an import: they come in pieces before the batch that names them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "common/base/result.h"
#include "spoold/store/store.h"
#include "tayori/spool/v1/import.pb.h"

namespace tayori::spool {

// Not thread-safe. What no batch has taken is given up at the end.
class ImportUploads {
  public:
    ImportUploads(store::Staging& staging, std::uint64_t bytes_max) : staging_(staging), bytes_max_(bytes_max) {}
    ~ImportUploads();
    ImportUploads(const ImportUploads&) = delete;
    ImportUploads& operator=(const ImportUploads&) = delete;

    // invalid: out of order or too many; too_big; no_space.
    Result<void> add(const v1::ImportPiece& piece);
    // A finished one, once.
    std::optional<store::UploadId> take(std::uint32_t upload);
    void abandon(store::UploadId upload) { staging_.abandon(upload); }

  private:
    struct Upload {
        store::UploadId id{};
        std::uint64_t bytes = 0;
        bool finished = false;
    };
    Result<void> add_to(Upload& upload, const v1::ImportPiece& piece);

    store::Staging& staging_;
    const std::uint64_t bytes_max_;
    std::map<std::uint32_t, Upload> uploads_;
};

}  // namespace tayori::spool
