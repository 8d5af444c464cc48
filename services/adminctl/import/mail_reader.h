// Mails of one account out of the source: read, parsed, and put into frames ready to be sent.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "adminctl/import/frame_queue.h"
#include "common/legacy/model.h"
#include "common/legacy/report.h"
#include "common/legacy/tree.h"

namespace tayori::admin {

// As spoold's bounds (services/spoold/legacy/limits.h), or below.
inline constexpr std::size_t kBatchBytesSoft = 2 * 1024 * 1024;
inline constexpr int kBatchMailsMax = 512;
inline constexpr std::size_t kInlineMailBytesMax = 1024 * 1024;
inline constexpr std::size_t kPieceBytes = 1024 * 1024;

// A mail that is to be sent.
struct WantedMail {
    const legacy::Mail* mail = nullptr;
    std::uint64_t folder_id = 0;
    std::string identity;
};

class MailReader {
  public:
    struct Numbers {
        std::uint64_t import_id = 0;
        std::uint64_t account_id = 0;
        std::uint64_t first_batch = 0;
        std::uint64_t message_bytes_max = 0;
    };
    MailReader(const legacy::Tree& tree, std::string address, Numbers numbers, FrameQueue& out)
        : tree_(tree), address_(std::move(address)), numbers_(numbers), out_(out) {}

    // To the end, or until nobody takes more, or the source is gone. What can't be read becomes a line of the report,
    // and is refused.
    void run(const std::vector<WantedMail>& wanted);
    const std::vector<legacy::ReportLine>& lines() const { return lines_; }
    std::uint64_t refused() const { return refused_; }
    bool lost_source() const { return lost_source_; }

  private:
    bool add(const WantedMail& wanted, std::string message);
    bool upload(std::string_view message);
    bool send();
    bool read(const WantedMail& wanted);
    void refuse(const legacy::Mail& mail, const Error& error);

    const legacy::Tree& tree_;
    const std::string address_;
    Numbers numbers_;
    FrameQueue& out_;
    FrameQueue::Frame frame_;
    std::size_t frame_bytes_ = 0;
    std::uint32_t uploads_ = 0;
    std::vector<legacy::ReportLine> lines_;
    std::uint64_t refused_ = 0;
    std::uint64_t other_sizes_ = 0;
    bool lost_source_ = false;
};

}  // namespace tayori::admin
