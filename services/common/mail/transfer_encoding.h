// Content-Transfer-Encoding (RFC 2045 §6), decoded in pieces; tolerant as a mail reader.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tayori::mail {

enum class TransferEncoding { identity, base64, quoted_printable };
TransferEncoding parse_transfer_encoding(std::string_view value);

// feed() as often as there is data, then finish(). Output is appended.
class TransferDecoder {
  public:
    explicit TransferDecoder(TransferEncoding encoding) : encoding_(encoding) {}
    void feed(std::string_view bytes, std::string& out);
    void finish(std::string& out);

  private:
    void feed_base64(std::string_view bytes, std::string& out);
    void feed_quoted_printable(std::string_view bytes, std::string& out);

    TransferEncoding encoding_;
    std::uint32_t bits_ = 0;  // base64: sextets that wait for their group
    int sextets_ = 0;
    std::string held_;  // quoted-printable: "=", "=A", and white space that may end its line
};

std::string decode_transfer(std::string_view bytes, TransferEncoding encoding);

}  // namespace tayori::mail
