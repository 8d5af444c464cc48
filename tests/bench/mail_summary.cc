// What a summary costs: microseconds for a mail of 4 KiB, and the speed on large bodies.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string>

#include "common/mail/summary.h"

namespace {

using tayori::mail::make_summary;

// CPU time: other work on the machine is not ours.
double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

std::string lines(std::size_t bytes, std::string_view line) {
    std::string out;
    while (out.size() < bytes) out += line;
    return out;
}

std::string header() {
    return "Return-Path: <sender@example.test>\r\n"
           "Received: from mx.example.test (mx.example.test [192.0.2.1])\r\n"
           "\tby mail.example.test with ESMTPS id 4a5b6c; Wed, 17 Jul 1996 02:44:25 -0700\r\n"
           "Received: from client.example.test ([192.0.2.7])\r\n"
           "\tby mx.example.test with ESMTPSA id 1f2e3d; Wed, 17 Jul 1996 02:44:20 -0700\r\n"
           "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.test; s=mail;\r\n"
           "\tbh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; h=From:To:Subject:Date;\r\n"
           "\tb=dzdVyOfAKCdLXdJOc9G2q8LoXSlEniSbav+yuU4zGeeruD00lszZVoG4ZHRNiYzR\r\n"
           "Date: Wed, 17 Jul 1996 02:44:25 -0700\r\n"
           "From: =?ISO-2022-JP?B?GyRCO0NFRBsoQg==?= <yamada@example.test>\r\n"
           "To: \"Smith, Anna\" <anna@example.test>, Bob <bob@example.test>\r\n"
           "Subject: Re: =?ISO-2022-JP?B?GyRCRnxLXDhsGyhC?=\r\n"
           "Message-ID: <20260101.abc@example.test>\r\n"
           "In-Reply-To: <20251231.xyz@example.test>\r\n"
           "References: <1@example.test> <2@example.test>\r\n\t<20251231.xyz@example.test>\r\n"
           "MIME-Version: 1.0\r\n";
}

template <class Work>
double seconds_each(int times, Work work) {
    double best = 1e9;
    for (int round = 0; round < 5; ++round) {
        const double start = cpu_seconds();
        for (int i = 0; i < times; ++i) work();
        best = std::min(best, (cpu_seconds() - start) / times);
    }
    return best;
}

void report(const char* name, const std::string& message, int times) {
    std::size_t sink = 0;
    const auto each = seconds_each(times, [&] { sink += make_summary(message).parts.size(); });
    std::printf("%-28s %9zu bytes %10.1f us %8.0f MB/s\n", name, message.size(), each * 1e6,
                static_cast<double>(message.size()) / each / 1e6);
    if (sink == 0) std::puts("");
}

}  // namespace

int main() {
    const std::string plain = header() + "Content-Type: text/plain; charset=utf-8\r\n\r\n";
    const std::string words =
        "The quick brown fox jumps over the lazy dog, and again, and again.\r\n";
    const std::string base64 = std::string(76, 'A') + "\r\n";
    const std::string mixed = header() + "Content-Type: multipart/mixed; boundary=\"=_b\"\r\n\r\n";
    report("plain, 4 KiB", plain + lines(4096 - plain.size(), words), 20'000);
    report("two parts, 4 KiB",
           mixed + "--=_b\r\nContent-Type: text/plain\r\n\r\n" + lines(1000, words) +
               "--=_b\r\nContent-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: "
               "base64\r\n\r\n" +
               lines(1000, base64) + "--=_b--\r\n",
           20'000);
    report("base64 attachment, 25 MiB",
           mixed + "--=_b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
               lines(25u << 20, base64) + "--=_b--\r\n",
           2);
}
