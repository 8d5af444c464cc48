// A spool in a temporary folder, made by a test and gone with it; and what a test asks of a report.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/text.h"
#include "common/legacy/messages.h"
#include "common/legacy/report.h"
#include "common/legacy/tree.h"

namespace tayori::legacy {

inline constexpr std::time_t kSpoolTime = 1'700'000'000;  // 2023-11-14T22:13:20Z

class Spool {
  public:
    Spool() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "tayori-spool-XXXXXX").string();
        root_ = ::mkdtemp(pattern.data());
    }
    Spool(const Spool&) = delete;
    Spool& operator=(const Spool&) = delete;
    ~Spool() { std::filesystem::remove_all(root_); }

    void file(const std::string& path, std::string_view bytes, std::time_t mtime = kSpoolTime) {
        const auto at = root_ / path;
        std::filesystem::create_directories(at.parent_path());
        std::ofstream(at, std::ios::binary) << bytes;
        const struct timespec times[2] = {{mtime, 0}, {mtime, 0}};
        ASSERT_EQ(::utimensat(AT_FDCWD, at.c_str(), times, 0), 0);
    }
    void folder(const std::string& path) { std::filesystem::create_directories(root_ / path); }
    void link(const std::string& target, const std::string& path) {
        std::filesystem::create_directories((root_ / path).parent_path());
        std::filesystem::create_symlink(target, root_ / path);
    }
    void remove(const std::string& path) { std::filesystem::remove_all(root_ / path); }
    void rename(const std::string& from, const std::string& to) {
        std::filesystem::create_directories((root_ / to).parent_path());
        std::filesystem::rename(root_ / from, root_ / to);
    }

    std::string path(const std::string& relative = "") const { return (root_ / relative).string(); }
    const Tree& tree() {
        auto opened = open_tree(root_.string());
        EXPECT_TRUE(opened) << opened.error().text;
        tree_ = std::move(*opened);
        return *tree_;
    }

  private:
    std::filesystem::path root_;
    std::unique_ptr<Tree> tree_;
};

// A mail as E-Post's server writes it.
struct SampleMail {
    std::string b_id = "B0000000001";
    std::string message_id = "<1@example.jp>";
    std::string received = "Tue, 14 Nov 2023 22:13:20 +0000";
    std::string date = "Tue, 14 Nov 2023 22:13:00 +0000";
    std::string body = "Hello.\r\n";

    std::string text() const {
        std::string out;
        if (!received.empty())
            out +=
                cat("Received: from a.example ([192.0.2.1]) by mail.example.jp\r\n\t(SMTP) with "
                    "SMTP id <",
                    b_id, "@mail.example.jp> for <taro@example.jp>;\r\n\t", received, "\r\n");
        if (!date.empty()) out += cat("Date: ", date, "\r\n");
        if (!message_id.empty()) out += cat("Message-ID: ", message_id, "\r\n");
        return out += cat("Subject: test\r\n\r\n", body);
    }
};
inline std::string sample(const std::string& b_id, const std::string& message_id) {
    SampleMail mail;
    mail.b_id = b_id;
    mail.message_id = message_id;
    return mail.text();
}

inline std::size_t times(const Report& report, std::string_view code) {
    return static_cast<std::size_t>(
        std::count_if(report.lines().begin(), report.lines().end(),
                      [&](const ReportLine& line) { return line.code == code; }));
}
inline const ReportLine* find_line(const Report& report, std::string_view code) {
    for (const auto& line : report.lines())
        if (line.code == code) return &line;
    return nullptr;
}
// Every line has a sentence, and no place in it stays empty.
inline void expect_sentences(const Report& report) {
    for (const auto& line : report.lines()) {
        const auto* message = find_message(line.code);
        ASSERT_NE(message, nullptr) << line.code;
        for (char n = '0'; n <= '9'; ++n) {
            const std::string place = {'{', n, '}'};
            if (message->english.find(place) != std::string_view::npos) {
                EXPECT_LT(static_cast<std::size_t>(n - '0'), line.values.size()) << line.code;
            }
        }
    }
}
inline std::string all_text(const Report& report) {
    std::string out;
    for (const auto& line : report.lines()) out += as_text(line, Language::english) + "\n";
    return out;
}

}  // namespace tayori::legacy
